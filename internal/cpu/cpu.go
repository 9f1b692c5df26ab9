// Package cpu says which of the kernels' implementations this processor can
// run, and how large its caches are.
package cpu

import (
	"fmt"
	"os"

	"github.com/klauspost/cpuid/v2"
)

// A Level is a set of instructions that kernels are written for. A higher
// level of the same architecture includes the lower ones.
type Level int

// The levels, from the lowest.
const (
	Generic Level = iota // plain Go
	AVX2                 // AVX2 and FMA
	AVX512               // AVX-512 F, BW, DQ and VL, and BMI2
	NEON                 // of arm64
)

// Variable is the environment variable that limits the level to the one it
// names: generic, avx2, avx512 or neon.
const Variable = "SEAHORSE_CPU"

// String returns the level's name, as Variable takes it.
func (l Level) String() string {
	switch l {
	case AVX2:
		return "avx2"
	case AVX512:
		return "avx512"
	case NEON:
		return "neon"
	}
	return "generic"
}

var (
	found            = detect()
	allowed, problem = limit(found, os.Getenv(Variable))
)

// Detected returns the highest level that the processor has and that this
// binary has code for.
func Detected() Level { return found }

// Best returns the level that kernels use: Detected, or the lower one that the
// environment asks for.
func Best() Level { return allowed }

// Sets names what kernels use: the level, and what there is for bfloat16.
func Sets() []string {
	sets := []string{allowed.String()}
	if HasDots() {
		sets = append(sets, "avx512_bf16")
	}
	if HasTiles() {
		sets = append(sets, "amx_bf16")
	}
	if HasMatrices() {
		sets = append(sets, "bf16")
	}
	return sets
}

// Has reports whether kernels may use a level: Best, or a lower one of its architecture.
func Has(l Level) bool { return l == allowed || l == Generic || l < allowed && allowed != NEON }

// Err returns an error when the environment asks for a level that doesn't
// exist or that the processor doesn't have.
func Err() error { return problem }

// limit returns the level that name allows on a processor of level l.
func limit(l Level, name string) (Level, error) {
	if name == "" {
		return l, nil
	}
	for _, known := range []Level{Generic, AVX2, AVX512, NEON} {
		if known.String() != name {
			continue
		}
		if known > l || l == NEON && known != Generic && known != NEON {
			return l, fmt.Errorf("cpu: %s=%s: this processor or build has %s at most", Variable, name, l)
		}
		return known, nil
	}
	return l, fmt.Errorf("cpu: %s=%s: expected generic, avx2, avx512 or neon", Variable, name)
}

// Caches holds the sizes in bytes of the caches that one core sees. A size
// that isn't known is replaced by a common one.
type Caches struct{ L1, L2, L3 int }

// CacheSizes returns the processor's cache sizes.
func CacheSizes() Caches {
	known := func(size, otherwise int) int {
		if size > 0 {
			return size
		}
		return otherwise
	}
	c := cpuid.CPU.Cache
	return Caches{L1: known(c.L1D, 32<<10), L2: known(c.L2, 512<<10), L3: known(c.L3, 8<<20)}
}

// Name returns what the processor calls itself, or "unknown processor".
func Name() string {
	if n := cpuid.CPU.BrandName; n != "" {
		return n
	}
	return "unknown processor"
}

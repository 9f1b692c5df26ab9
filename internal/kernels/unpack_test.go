//go:build amd64 && !purego

package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// TestUnpack holds the assembly to the specification, bit by bit, on bytes of any value, at odd places, with guards.
func TestUnpack(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for _, level := range []cpu.Level{cpu.AVX2, cpu.AVX512, cpu.NEON} {
		if !cpu.Has(level) {
			continue
		}
		fast := 0
		for _, kind := range blocks.Kinds() {
			u := unpackers.of(level, kind)
			if u.run == nil {
				continue
			}
			fast++
			for _, n := range []int{1, 2, 3, 9, 33} {
				t.Run(fmt.Sprint(level, kind, n), func(t *testing.T) { sameUnpacked(t, r, u, kind, n) })
			}
		}
		if fast != 10 {
			t.Errorf("%v has assembly for %d formats", level, fast)
		}
	}
}

func sameUnpacked(t *testing.T, r *rand.Rand, u unpacker, kind blocks.Kind, n int) {
	const guard = 7
	elements, size := n*kind.Elements(), n*kind.BlockBytes()
	src := make([]byte, size+1)[1:] // at an odd place
	for i := range src {
		src[i] = byte(r.Uint32())
	}
	want, got := make([]float32, elements), make([]float32, elements+2*guard)
	for i := range got {
		got[i] = -12345
	}
	kind.Unpack(want, src)
	u.unpack(kind, got[guard:][:elements], src)
	for i, v := range got {
		inside := i >= guard && i < guard+elements
		if !inside && v != -12345 {
			t.Fatalf("element %d outside was written", i-guard)
		}
		if !inside || v != v && want[i-guard] != want[i-guard] {
			continue
		}
		if math.Float32bits(v) != math.Float32bits(want[i-guard]) {
			t.Fatalf("element %d of %d is %v, expected %v", i-guard, elements, v, want[i-guard])
		}
	}
}

func BenchmarkUnpack(b *testing.B) {
	for _, kind := range blocks.Kinds() {
		const n = 1 << 14
		src, dst := make([]byte, kind.Size(n)), make([]float32, n)
		b.Run(kind.String(), func(b *testing.B) {
			for b.Loop() {
				unpackBlocks(kind, dst, src)
			}
			b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelements/s")
		})
	}
}

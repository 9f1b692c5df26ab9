// Package random computes random numbers from a counter: any number of any
// stream in constant time, so that work can be split, repeated and resumed exactly.
//
// The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", 2011), or 4x32-7 where that is said. The seed is its key, the stream and the position its counter.
package random

import (
	"math"
	"math/bits"
)

// Block returns the four 32-bit numbers of block number counter of a stream, by Philox 4x32-10.
func Block(seed, stream, counter uint64) [4]uint32 { return philox(seed, stream, counter, 10) }

// QuickBlock is Block by Philox 4x32-7, the fewest rounds that pass all tests of TestU01's BigCrush (Salmon et al., 2011). It is
// for numbers that are drawn in large numbers, those of dropout.
func QuickBlock(seed, stream, counter uint64) [4]uint32 { return philox(seed, stream, counter, 7) }

func philox(seed, stream, counter uint64, rounds int) [4]uint32 {
	const (
		mul0, mul1   = 0xD2511F53, 0xCD9E8D57
		bump0, bump1 = 0x9E3779B9, 0xBB67AE85
	)
	c0, c1, c2, c3 := uint32(counter), uint32(counter>>32), uint32(stream), uint32(stream>>32)
	k0, k1 := uint32(seed), uint32(seed>>32)
	for range rounds {
		hi0, lo0 := bits.Mul32(mul0, c0)
		hi1, lo1 := bits.Mul32(mul1, c2)
		c0, c1, c2, c3 = hi1^c1^k0, lo1, hi0^c3^k1, lo0
		k0 += bump0
		k1 += bump1
	}
	return [4]uint32{c0, c1, c2, c3}
}

// Uint64 returns number counter of a stream. Two neighbours share a block.
func Uint64(seed, stream, counter uint64) uint64 {
	b := Block(seed, stream, counter/2)
	if counter%2 == 0 {
		return uint64(b[0]) | uint64(b[1])<<32
	}
	return uint64(b[2]) | uint64(b[3])<<32
}

// Float64 returns number counter of a stream, evenly from [0, 1).
func Float64(seed, stream, counter uint64) float64 {
	return float64(Uint64(seed, stream, counter)>>11) / (1 << 53)
}

// Normal fills dst with the standard normal numbers from first on, which must be
// even, of a stream, by the transformation of Box and Muller (1958) in float64.
// Number i depends on seed, stream and i only.
func Normal[T float32 | float64](dst []T, seed, stream, first uint64) {
	for i := 0; i < len(dst); i += 2 {
		at := first + uint64(i)
		u := Float64(seed, stream, at)
		angle := 2 * math.Pi * Float64(seed, stream, at+1)
		r := math.Sqrt(-2 * math.Log(1-u)) // 1-u is in (0, 1]
		sin, cos := math.Sincos(angle)
		dst[i] = T(r * cos)
		if i+1 < len(dst) {
			dst[i+1] = T(r * sin)
		}
	}
}

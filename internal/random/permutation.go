package random

import "math/bits"

// A Permutation is a bijection of [0, n) that follows from a seed and a stream,
// evaluated at any point in constant time: a Feistel network on the next even number
// of bits, walked until it lands in the range (Black and Rogaway, 2002).
type Permutation struct {
	n            uint64
	half         uint // bits of each half
	seed, stream uint64
}

// NewPermutation returns a permutation of [0, n).
func NewPermutation(n, seed, stream uint64) Permutation {
	half := uint(1)
	if n > 1 {
		half = max(1, uint(bits.Len64(n-1)+1)/2)
	}
	return Permutation{n: n, half: half, seed: seed, stream: stream}
}

// At returns the place of i, which must be less than n.
func (p Permutation) At(i uint64) uint64 {
	const rounds = 6
	mask := uint64(1)<<p.half - 1
	for {
		left, right := i>>p.half, i&mask
		for round := range uint64(rounds) {
			left, right = right, left^(Uint64(p.seed, p.stream, round<<p.half|right)&mask)
		}
		i = left<<p.half | right
		if i < p.n {
			return i
		}
	}
}

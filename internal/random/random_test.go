package random

import (
	"math"
	"slices"
	"testing"
)

// TestBlock checks the known answers that the authors of Philox publish with
// their Random123 library (kat_vectors, philox4x32 with 10 rounds).
func TestBlock(t *testing.T) {
	tests := []struct {
		seed, stream, counter uint64
		want                  [4]uint32
	}{
		{0, 0, 0, [4]uint32{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64, [4]uint32{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
		{0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, [4]uint32{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
	}
	for _, test := range tests {
		if got := Block(test.seed, test.stream, test.counter); got != test.want {
			t.Errorf("Block(%#x, %#x, %#x) = %#x, want %#x", test.seed, test.stream, test.counter, got, test.want)
		}
	}
}

// TestQuickBlock checks the known answers of the same file for 7 rounds.
func TestQuickBlock(t *testing.T) {
	tests := []struct {
		seed, stream, counter uint64
		want                  [4]uint32
	}{
		{0, 0, 0, [4]uint32{0x5f6fb709, 0x0d893f64, 0x4f121f81, 0x4f730a48}},
		{math.MaxUint64, math.MaxUint64, math.MaxUint64, [4]uint32{0x5207ddc2, 0x45165e59, 0x4d8ee751, 0x8c52f662}},
		{0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, [4]uint32{0x4dfccaba, 0x190a87f0, 0xc47362ba, 0xb6b5242a}},
	}
	for _, test := range tests {
		if got := QuickBlock(test.seed, test.stream, test.counter); got != test.want {
			t.Errorf("QuickBlock(%#x, %#x, %#x) = %#x, want %#x", test.seed, test.stream, test.counter, got, test.want)
		}
	}
}

func TestNormalMoments(t *testing.T) {
	x := make([]float64, 100_001)
	Normal(x, 1, 2, 0)
	var m [5]float64
	for _, v := range x {
		for k, p := 1, v; k <= 4; k, p = k+1, p*v {
			m[k] += p / float64(len(x))
		}
	}
	// Five standard errors of each moment for 1e5 numbers.
	for k, want := range []float64{0, 0, 1, 0, 3} {
		tolerance := []float64{0, 0.016, 0.023, 0.062, 0.155}[k]
		if math.Abs(m[k]-want) > tolerance {
			t.Errorf("moment %d is %.4f, want %g ± %g", k, m[k], want, tolerance)
		}
	}
	for _, n := range []int{9, 10, 20_001} {
		prefix := make([]float64, n)
		Normal(prefix, 1, 2, 0)
		if !slices.Equal(prefix, x[:n]) {
			t.Errorf("the first %d elements depend on the length", n)
		}
	}
	for i, v := range x[:8] {
		u, w := Float64(1, 2, uint64(i&^1)), Float64(1, 2, uint64(i|1))
		sin, cos := math.Sincos(2 * math.Pi * w)
		if want := math.Sqrt(-2*math.Log(1-u)) * []float64{cos, sin}[i%2]; v != want {
			t.Errorf("element %d is %g, want %g", i, v, want)
		}
	}
}

func TestPermutationIsABijection(t *testing.T) {
	for _, n := range []uint64{1, 2, 3, 4, 5, 17, 64, 1000, 4097} {
		seen := make([]bool, n)
		p := NewPermutation(n, 3, n)
		for i := range n {
			at := p.At(i)
			if at >= n || seen[at] {
				t.Fatalf("n=%d: %d goes to %d, which is outside or taken", n, i, at)
			}
			seen[at] = true
		}
	}
	a, b := NewPermutation(1000, 1, 0), NewPermutation(1000, 2, 0)
	same := 0
	for i := range uint64(1000) {
		if a.At(i) == b.At(i) {
			same++
		}
	}
	if same > 10 { // one is expected
		t.Errorf("permutations of two seeds agree at %d of 1000 points", same)
	}
}

func BenchmarkNormal(b *testing.B) {
	x := make([]float32, 4096)
	b.SetBytes(int64(4 * len(x)))
	for b.Loop() {
		Normal(x, 1, 2, 0)
	}
}

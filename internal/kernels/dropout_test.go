package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// dropped tells by the definition whether the element at a place is dropped.
func dropped(p float64, seed, stream, at uint64) bool {
	if p < rareDropout {
		return float64(random.QuickBlock(seed, stream, at/4)[at%4]) < DropoutRate(p)*(1<<32)
	}
	number := random.QuickBlock(seed, stream, at/8)[at/2%4] >> (16 * (at % 2)) & 0xFFFF
	return float64(number) < DropoutRate(p)*(1<<16)
}

func TestDropout(t *testing.T) {
	const seed, stream = 1 << 40, 3<<32 + 5
	onEveryLevel(t, func(t *testing.T) {
		for _, p := range []float64{0, 1e-7, 0.001, 0.1, 0.3, 0.999999} {
			for _, offset := range []uint64{0, 16, 1<<35 - 160, 1 << 36} { // a counter of blocks that overflows 32 bits among them
				for _, n := range []int{0, 1, 3, 15, 16, 17, 63, 64, 65, 127, 128, 130, 500, 1024, 1025, 2111} {
					r := rand.New(rand.NewPCG(offset, uint64(n)))
					x := random32(r, n)
					dst, intact := guarded(r, n)
					Dropout(dst, x, p, seed, stream, offset)
					for i := range dst {
						want := x[i] * float32(1/(1-DropoutRate(p)))
						if dropped(p, seed, stream, offset+uint64(i)) {
							want = 0
						}
						if dst[i] != want {
							t.Fatalf("p=%g: element %d of %d from %d is %g, want %g", p, i, n, offset, dst[i], want)
						}
					}
					Dropout(x, x, p, seed, stream, offset)
					compare(t, "in place", x, dst, 0)
					if !intact() {
						t.Fatal("Dropout writes outside of dst")
					}
				}
			}
		}
	})
}

// TestDropoutMaskStaysInside draws masks of every length within guards.
func TestDropoutMaskStaysInside(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for n := range 40 {
			whole := make([]uint16, n+2)
			whole[0], whole[n+1] = 0xABCD, 0xABCD
			DropoutMask(whole[1:n+1], 0.5, 1, 2, 0)
			if whole[0] != 0xABCD || whole[n+1] != 0xABCD {
				t.Fatalf("a mask of %d words writes outside", n)
			}
		}
	})
}

func TestDropoutRate(t *testing.T) {
	for p, want := range map[float64]float64{0: 0, 0.5: 0.5, 0.25: 0.25, 0.1: 6554. / (1 << 16), 1e-12: 1. / (1 << 32), 0.9999999: 65535. / (1 << 16)} {
		if got := DropoutRate(p); got != want {
			t.Errorf("DropoutRate(%g) = %g, expected %g", p, got, want)
		}
	}
	for p := 0.0001; p < 1; p *= 1.1 {
		if got := DropoutRate(p); math.Abs(got-p) > 0.002*p {
			t.Errorf("DropoutRate(%g) = %g, more than a five-hundredth off", p, got)
		}
	}
}

// TestDropoutIsRandom holds the masks to what independent draws would show: the rate over all and by the place within a block, and the
// correlation of neighbours at many distances, of streams, of seeds and of steps. The bounds are five standard deviations.
func TestDropoutIsRandom(t *testing.T) {
	const words, p = 1 << 14, 0.25
	n := float64(words * dropoutWord)
	keep := 1 - p
	draw := func(seed, stream, offset uint64) []uint16 {
		mask := make([]uint16, words)
		DropoutMask(mask, p, seed, stream, offset)
		return mask
	}
	bit := func(mask []uint16, i int) float64 { return float64(mask[i/dropoutWord] >> (i % dropoutWord) & 1) }
	base := draw(1, 2, 0)

	places := make([]float64, dropoutWord)
	for i := range int(n) {
		places[i%dropoutWord] += bit(base, i)
	}
	chi := 0.0
	for _, kept := range places {
		expected := n / dropoutWord * keep
		chi += (kept - expected) * (kept - expected) / (expected * p)
	}
	if chi > dropoutWord+5*math.Sqrt(2*dropoutWord) {
		t.Errorf("the rates of the %d places differ: chi-square %.1f", dropoutWord, chi)
	}

	correlation := func(a, b []uint16, lag int) float64 {
		sum := 0.0
		m := int(n) - lag
		for i := range m {
			sum += (bit(a, i+lag) - keep) * (bit(b, i) - keep)
		}
		return sum / (p * keep) / math.Sqrt(float64(m))
	}
	for _, lag := range []int{1, 2, 3, 4, 5, 7, 8, 15, 16, 31, 32, 64, 128, 256, 1024, 4096} {
		if c := correlation(base, base, lag); math.Abs(c) > 5 {
			t.Errorf("elements at a distance of %d are correlated: %.1f standard deviations", lag, c)
		}
	}
	for name, other := range map[string][]uint16{
		"the next stream": draw(1, 3, 0), "the next step": draw(1, 2+1<<24, 0), "the next seed": draw(2, 2, 0), "a seed of another bit": draw(1|1<<63, 2, 0), "what follows": draw(1, 2, uint64(n)),
	} {
		if c := correlation(base, other, 0); math.Abs(c) > 5 {
			t.Errorf("%s is correlated: %.1f standard deviations", name, c)
		}
	}
}

func BenchmarkDropout(b *testing.B) {
	for _, n := range []int{1 << 10, 1 << 14} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			x := make([]float32, n)
			for b.Loop() {
				Dropout(x, x, 0.1, 1, 2, 0)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/element")
		})
	}
}

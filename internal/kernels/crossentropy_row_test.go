package kernels

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestCrossEntropyRow compares rows of all sizes, with and without a cap and
// smoothing, in place and apart, with the generic loops in float64.
func TestCrossEntropyRow(t *testing.T) {
	onEveryLevel(t, func(t *testing.T) {
		for n := 1; n <= 2*widest+1; n++ {
			for _, cap := range []float64{0, 5} {
				for _, smoothing := range []float64{0, 0.1} {
					r := rand.New(rand.NewPCG(uint64(n), 9))
					z, target := random32(r, n), r.IntN(n)
					if cap == 0 {
						z[r.IntN(n)] = 90 // whose exponential would overflow
					}
					z64 := doubled(z)
					want := crossEntropyRow(z64, z64, target, smoothing, 0.5, cap)
					if got := crossEntropyRow(nil, z, target, smoothing, 0.5, cap); math.Abs(got-want) > 2e-6*(1+want) {
						t.Fatalf("loss of %d columns is %.9g, want %.9g", n, got, want)
					}
					grad, intact := guarded(r, n)
					crossEntropyRow(grad, z, target, smoothing, 0.5, cap)
					compareDoubled(t, "gradient", grad, z64, 1e-6)
					crossEntropyRow(z, z, target, smoothing, 0.5, cap)
					compare(t, "gradient in place", z, grad, 0)
					if !intact() {
						t.Fatal("crossEntropyRow writes outside of the gradient")
					}
				}
			}
		}
		z := []float32{1, float32(math.NaN()), 2}
		if loss := crossEntropyRow(nil, z, 0, 0, 1, 0); loss == loss {
			t.Errorf("the loss of a row with NaN is %g", loss)
		}
	})
}

func BenchmarkCrossEntropyRow(b *testing.B) {
	const n = 50257
	r := rand.New(rand.NewPCG(1, 2))
	z, grad := random32(r, n), random32(r, n)
	for b.Loop() {
		crossEntropyRow(grad, z, 5, 0, 1, 0)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/element")
}

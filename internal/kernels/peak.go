package kernels

import (
	"time"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// Peak measures the multiply-adds that all workers together can do on float32
// values in registers, in floating-point operations a second: what a matrix product could
// reach at most. It takes some tens of milliseconds and returns the best of several tries.
func Peak() float64 {
	const tries, rounds = 25, 50_000
	workers := parallel.Workers()
	flops := make([]float64, workers)
	body := func(_, i int) { flops[i] = multiplyAdds(rounds) }
	var best float64
	for range tries {
		start := time.Now()
		parallel.Run(workers, body)
		elapsed := time.Since(start).Seconds()
		var sum float64
		for _, f := range flops {
			sum += f
		}
		best = max(best, sum/elapsed)
	}
	return best
}

// multiplyAddsGeneric does n rounds of independent multiply-adds and returns the
// number of operations.
func multiplyAddsGeneric(n int) float64 {
	var a, b, c, d, e, f, g, h float32
	x := float32(n & 1)
	for range n {
		a += a * x
		b += b * x
		c += c * x
		d += d * x
		e += e * x
		f += f * x
		g += g * x
		h += h * x
	}
	if a+b+c+d+e+f+g+h != 0 {
		return 0 // never: they stay 0
	}
	return 16 * float64(n)
}

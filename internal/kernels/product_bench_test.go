package kernels

import (
	"fmt"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// productShapes are squares and the products of a training step: for each linear layer of a
// preset the forward one (x·Wᵀ) and the two backward ones (dy·W and dyᵀ·x).
func productShapes() []ProductConfig {
	var shapes []ProductConfig
	for _, n := range []int{256, 512, 1024, 2048} {
		shapes = append(shapes, ProductConfig{M: n, N: n, K: n})
	}
	for _, preset := range []struct{ rows, width, vocab int }{{768, 128, 65}, {4096, 384, 4096}, {1024, 768, 50257}} {
		d := preset.width
		for _, layer := range [][2]int{{d, 3 * d}, {d, d}, {d, 4 * d}, {4 * d, d}, {d, preset.vocab}} {
			rows, in, out := preset.rows, layer[0], layer[1]
			if out == 50257 {
				rows = 512 // the head's logits are made in chunks
			}
			shapes = append(shapes,
				ProductConfig{M: rows, N: out, K: in, TransB: true},
				ProductConfig{M: rows, N: in, K: out},
				ProductConfig{M: out, N: in, K: rows, TransA: true})
		}
	}
	return append(shapes, ProductConfig{M: 1, N: 768, K: 768, TransB: true}, ProductConfig{M: 1, N: 50257, K: 768, TransB: true},
		ProductConfig{M: 1, N: 3072, K: 768}, ProductConfig{M: 8, N: 3072, K: 768, TransB: true})
}

// BenchmarkProduct reports each shape's speed and its fraction of the peak
// that the processor reaches just before.
func BenchmarkProduct(b *testing.B) { benchmarkProducts(b, false) }

// BenchmarkProductBFloat16 is BenchmarkProduct of numbers that are rounded to bfloat16; the peak is float32's.
func BenchmarkProductBFloat16(b *testing.B) {
	if !HasBFloat16() {
		b.Skip("this processor multiplies no tiles of bfloat16")
	}
	benchmarkProducts(b, true)
}

func benchmarkProducts(b *testing.B, half bool) {
	for _, s := range productShapes() {
		s.BFloat16 = half
		name := fmt.Sprintf("%dx%dx%d/%c%c", s.M, s.N, s.K, "NT"[choose(s.TransA, 1, 0)], "NT"[choose(s.TransB, 1, 0)])
		b.Run(name, func(b *testing.B) {
			x, y, c := memory.Make[float32](s.M*s.K), memory.Make[float32](s.K*s.N), memory.Make[float32](s.M*s.N) // as a trace has them
			Fill(x, 1)
			Fill(y, 1)
			p := NewProduct[float32](s)
			p.Run(c, x, y, Epilogue[float32]{})
			peak := Peak()
			start := time.Now()
			n := 0
			for b.Loop() {
				p.Run(c, x, y, Epilogue[float32]{})
				n++
			}
			rate := 2 * float64(s.M) * float64(s.N) * float64(s.K) * float64(n) / time.Since(start).Seconds()
			b.ReportMetric(rate/1e9, "GFLOP/s")
			b.ReportMetric(100*rate/peak, "%peak")
		})
	}
}

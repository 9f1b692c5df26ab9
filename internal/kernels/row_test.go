package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// TestRowBlocks holds products of a few rows with blocks where they lie to those with the numbers that they stand for, bit by bit: columns that are left
// over, rows of several blocks of terms, some of which begin amid those of numbers, with a bias and added.
func TestRowBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 52))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		fast := 0
		for _, kind := range blocks.Kinds() {
			if rowProducts.of(kernel.level, kind).one == nil {
				continue
			}
			fast++
			for _, s := range [][2]int{{32, 32}, {75, 576}, {200, 1536}, {70, 2048}, {16, 96}, {5, 64}, {64, 64}, {64, 64}, {64, 64}, {64, 64}} {
				rows := 1 + r.IntN(9)
				packed, b := packRandom(r, kind, s[0], s[1])
				p := newProduct(ProductConfig{M: rows, N: s[0], K: s[1], LDA: s[1] + 3, LDC: s[0] + 5, TransB: true}, kernel)
				a, bias, before := randomMatrix(r, rows*(s[1]+3)), randomMatrix(r, rows*(s[0]+5)), randomMatrix(r, rows*(s[0]+5))
				for _, e := range []Epilogue[float32]{{}, {Bias: bias}, {Bias: bias, Accumulate: true}, {Accumulate: true, Add: bias}} {
					got, want := append([]float32(nil), before...), append([]float32(nil), before...)
					p.Run(want, a, b, e)
					p.RunPacked(got, a, packed, e)
					equalBits(t, fmt.Sprintf("%v: %d × %d × %d", kind, rows, s[0], s[1]), got, want)
				}
			}
		}
		t.Logf("%d formats", fast)
	})
}

// BenchmarkRowPacked measures products of one row, and of a few, with a matrix of SmolLM2's.
func BenchmarkRowPacked(b *testing.B) {
	r := rand.New(rand.NewPCG(53, 54))
	for _, kind := range blocks.Kinds() {
		if !kind.Packs() {
			continue
		}
		const n, k = 1536, 768
		packed, _ := packRandom(r, kind, n, k)
		a, c := randomMatrix(r, 9*k), make([]float32, 9*n)
		for _, rows := range []int{1, 2, 4, 8, 9} {
			p := NewProduct[float32](ProductConfig{M: rows, N: n, K: k, TransB: true})
			b.Run(fmt.Sprint(kind, rows), func(b *testing.B) {
				for b.Loop() {
					p.RunPacked(c, a, packed, Epilogue[float32]{})
				}
				b.ReportMetric(float64(n*k)*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gelements/s")
			})
		}
	}
}

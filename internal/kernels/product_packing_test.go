package kernels

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// TestTilePacking holds tilePacking to tile, and what it packs to the rows of B.
func TestTilePacking(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		rows, cols := kernel.rows, kernel.cols
		for _, depth := range []int{0, 1, 2, 15, 16, 17, 40} {
			for option := range 8 {
				bStep, ldc := cols+5, cols+3
				a, b := randomMatrix(r, rows*(depth+1)), randomMatrix(r, depth*bStep+cols)
				var bias, add []float32
				if option&1 != 0 {
					bias = randomMatrix(r, cols)
				}
				if option&4 != 0 {
					add = randomMatrix(r, rows*ldc)
				}
				want := randomMatrix(r, rows*ldc)
				got := slices.Clone(want)
				packed := slices.Repeat([]float32{guard}, depth*cols+40)
				kernel.tile(rows, cols, depth, a, depth+1, 1, b, bStep, want, ldc, bias, option&2 != 0, nil, 0, 0)
				addRows(want, add, rows, cols, ldc)
				kernel.tilePacking(packed, depth, a, depth+1, 1, b, bStep, got, ldc, bias, option&2 != 0, add, b, bStep, 16*bStep)
				if !slices.Equal(got, want) {
					t.Errorf("depth %d, option %d: tile %v, want %v", depth, option, got, want)
				}
				for i, v := range packed {
					w := float32(guard)
					if k, j := i/cols, i%cols; k < depth {
						w = b[k*bStep+j]
					}
					if v != w {
						t.Fatalf("depth %d: packed[%d] = %v, want %v", depth, i, v, w)
					}
				}
			}
		}
	})
}

// TestProductStrips runs products that are cut into strips on several threads: strips that several items share, strips with
// some of their columns or rows, several blocks of K, and rows of A that lie whole pages apart, so that workers pack and keep them.
func TestProductStrips(t *testing.T) {
	keepSettings(t)
	r := rand.New(rand.NewPCG(23, 24))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for _, workers := range []int{1, 2, 3} {
			parallel.SetWorkers(workers)
			for _, s := range []ProductConfig{
				{M: 400, N: 128, K: 20}, {M: 400, N: 131, K: 20, TransA: true}, {M: 130, N: 400, K: 20}, {M: 90, N: 900, K: 20, TransB: true},
				{M: 200, N: 70, K: oneBlock + 9}, {M: 70, N: 200, K: 2*maxDepth + 9, TransA: true}, {M: 60, N: 900, K: oneBlock + 9, TransB: true},
				{M: 170, N: 140, K: 20, LDA: 1024}, {M: 170, N: 40, K: oneBlock + 9, LDA: 2048},
				{M: 400, N: 65, K: 32, TransB: true}, {M: 60, N: 898, K: oneBlock + 32, TransB: true}, {M: 1100, N: 33, K: 48, TransB: true},
			} {
				name := fmt.Sprintf("%d workers, %+v", workers, s)
				p := newProductCase[float32](r, s)
				if plan := newProduct(s, kernel).plan; kernel.rows > 8 && (!plan.strips || plan.packA != (s.LDA > 0)) {
					t.Errorf("%s is cut into strips: %v, that pack A: %v; want true, %v", name, plan.strips, plan.packA, s.LDA > 0)
				}
				p.check(t, kernel, Epilogue[float32]{Accumulate: true, Bias: p.bias, Add: p.add})
			}
		}
	})
}

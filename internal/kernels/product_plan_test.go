package kernels

import (
	"fmt"
	"testing"
)

// TestProductItems checks that the items of a plan cover each element of C once, and that products
// with a wide B, or whose workers can share out rows, are cut into strips.
func TestProductItems(t *testing.T) {
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for _, s := range []struct {
			m, n, k int
			// Whether it is cut into strips by kernels with the most rows, on two workers, as B is and transposed.
			strips, turned bool
		}{
			{49, 1, 1, false, false}, {49, 33, 0, false, false}, {50, 3000, 0, false, false}, {50, 3000, 5, true, true}, {300, 700, 800, true, true},
			{1024, 3072, 768, true, true}, {1025, 3072, 768, true, true}, {4000, 40, 9, true, true}, {1, 70, 9, false, false}, {20000, 60, 3, true, true},
			{768, 128, 512, true, true}, {500, 400, 9, true, false}, {128, 384, 768, true, false}, {90, 80, 9, false, false}, {500, 3000, 2000, true, true},
		} {
			for _, workers := range []int{1, 2, 7, 64} {
				for _, g := range []ProductConfig{{M: s.m, N: s.n, K: s.k}, {M: s.m, N: s.n, K: s.k, TransB: true}} {
					p := newProduct(g, kernel)
					p.plan = p.newPlan(workers)
					if want := choose(g.TransB, s.turned, s.strips); kernel.rows > 8 && workers == 2 && p.plan.strips != want {
						t.Errorf("%+v is cut into strips: %v, want %v", g, p.plan.strips, want)
					}
					if err := covers(p); err != nil {
						t.Errorf("%+v on %d workers: %v", g, workers, err)
					}
				}
			}
		}
	})
}

// TestStripRows checks that no tile at the end of a strip has too few rows, whatever their number, but where A is packed.
func TestStripRows(t *testing.T) {
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for m := skinnyRows + 1; m < skinnyRows+2*kernel.rows; m++ {
			for _, workers := range []int{1, 2, 3} {
				p := newProduct(ProductConfig{M: m, N: 900, K: maxDepth}, kernel)
				p.plan = p.newPlan(workers)
				for _, item := range p.plan.last {
					var rows int
					for i := item.m0; i < item.m1; i += rows {
						if rows = p.stripRows(i, item.m1); rows <= kernel.rows/lastPart || rows > kernel.rows || i+rows > item.m1 {
							t.Fatalf("%d rows on %d workers: the tile at row %d of %+v has %d", m, workers, i, item, rows)
						}
					}
				}
			}
		}
	})
}

// TestFewRowsPanels plans strips for the second caches that processors have.
func TestFewRowsPanels(t *testing.T) {
	for _, test := range []struct{ depth, cache, want int }{
		{1024, 256 << 10, 2}, {768, 256 << 10, 2}, {256, 256 << 10, 8}, {1024, 512 << 10, 4}, {768, 512 << 10, 5}, {1024, 2 << 20, 8}, {1024, 64 << 10, 2},
	} {
		const line = 64 // bytes of a row of a panel
		if got := fewRowsPanels(line*test.depth, test.cache); got != test.want {
			t.Errorf("%d terms, a cache of %d KiB: strips of %d panels, want %d", test.depth, test.cache>>10, got, test.want)
		}
	}
}

// covers tells which element of C the items of p's plan leave out or have twice.
func covers(p *Product[float32]) error {
	done := make([]bool, p.M*p.N)
	for n := 0; n < p.N; n += p.plan.spanN {
		q := productPart{n0: n, n1: min(n+p.plan.spanN, p.N)}
		for _, item := range p.plan.items(q) {
			for i := item.m0; i < item.m1; i++ {
				for j := n + item.n0; j < n+item.n1; j++ {
					if done[i*p.N+j] {
						return fmt.Errorf("element %d, %d is in two items", i, j)
					}
					done[i*p.N+j] = true
				}
			}
		}
	}
	for i, ok := range done {
		if !ok {
			return fmt.Errorf("element %d, %d is in no item", i/p.N, i%p.N)
		}
	}
	return nil
}

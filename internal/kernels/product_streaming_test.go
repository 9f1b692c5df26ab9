package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/memory"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// TestProductStreams holds products that are written past the caches to those that aren't, on several threads, with tiles at the
// edges and guards between rows and behind the last.
func TestProductStreams(t *testing.T) {
	keepSettings(t)
	r := rand.New(rand.NewPCG(31, 32))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, s := range [][3]int{{1, 64, 30}, {kernel.rows, kernel.cols, 0}, {60, 100, 1}, {61, 300, 40}, {400, 131, 16}, {90, 900, oneBlock}, {130, 70, 33}} {
				for _, workers := range []int{1, 3} {
					parallel.SetWorkers(workers)
					g := ProductConfig{M: s[0], N: s[1], K: s[2], LDC: roundUp(s[1], 16) + 16, TransA: transA, TransB: transB}
					a, b, e := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N*g.K), Epilogue[float32]{}
					if workers > 1 {
						e.Bias = randomMatrix(r, g.N)
					}
					run := func(least int) (c []float32, streams bool) {
						streamedSize = least
						c = memory.Make[float32]((g.M + 1) * g.LDC)
						Fill(c, guard)
						p := newProduct(g, kernel)
						p.Run(c, a, b, e)
						return c, p.run.streams
					}
					want, _ := run(1 << 40)
					got, streams := run(0)
					equalBits(t, fmt.Sprintf("%+v on %d threads", g, workers), got, want)
					if !streams {
						t.Fatalf("%+v isn't written past the caches", g)
					}
				}
			}
		}
	})
}

// TestWhatStreams has one product that is written past the caches, and what keeps others from it.
func TestWhatStreams(t *testing.T) {
	keepSettings(t)
	parallel.SetWorkers(2)
	streamedSize = 40 * 32 * 4 / 2
	const most = 2*oneBlock + 100*40
	a, c := make([]float32, most*40), memory.Make[float32](most)
	for what, s := range map[string]struct {
		g      ProductConfig
		e      Epilogue[float32]
		offset int
		want   bool
	}{
		"a large C":                  {g: ProductConfig{M: 40, N: 32, K: 5}, want: true},
		"an addend":                  {g: ProductConfig{M: 40, N: 32, K: 5}, e: Epilogue[float32]{Add: make([]float32, most)}},
		"a small C":                  {g: ProductConfig{M: 39, N: 32, K: 5}},
		"rows that begin anywhere":   {g: ProductConfig{M: 40, N: 33, K: 5}},
		"a C that begins anywhere":   {g: ProductConfig{M: 40, N: 32, K: 5}, offset: 1},
		"several blocks of K":        {g: ProductConfig{M: 40, N: 32, K: oneBlock + 1}},
		"a C that is added to":       {g: ProductConfig{M: 40, N: 32, K: 5}, e: Epilogue[float32]{Accumulate: true}},
		"an activation":              {g: ProductConfig{M: 40, N: 32, K: 5}, e: Epilogue[float32]{Activation: ReLU}},
		"the activation's arguments": {g: ProductConfig{M: 40, N: 32, K: 5}, e: Epilogue[float32]{Pre: make([]float32, most)}},
	} {
		p := NewProduct[float32](s.g)
		p.Run(c[s.offset:], a, a, s.e)
		if p.run.streams != s.want {
			t.Errorf("%s is written past the caches: %v, want %v", what, p.run.streams, s.want)
		}
	}
}

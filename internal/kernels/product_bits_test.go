package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"
	"time"

	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// TestProductTakesTheFastPath fails if the processor has AVX-512 or AVX2 and a product doesn't use it.
func TestProductTakesTheFastPath(t *testing.T) {
	if got := NewProduct[float32](ProductConfig{M: 2, N: 2, K: 2}).kernel.level; got != cpu.Best() {
		t.Errorf("products run at level %v, the processor has %v", got, cpu.Best())
	}
	if os.Getenv("SEAHORSE_EMULATED") != "" {
		t.Skip("speeds of an emulated processor mean nothing")
	}
	rates := map[cpu.Level]float64{}
	g := ProductConfig{M: 240, N: 256, K: 256}
	a, b, c := make([]float32, g.M*g.K), make([]float32, g.K*g.N), make([]float32, g.M*g.N)
	for _, kernel := range productKernels[float32]() {
		p := newProduct(g, kernel)
		for range 5 {
			start := time.Now()
			p.Run(c, a, b, Epilogue[float32]{})
			rates[kernel.level] = max(rates[kernel.level], 1/time.Since(start).Seconds())
		}
	}
	if fast, slow := rates[cpu.Best()], rates[cpu.Generic]; cpu.Best() > cpu.Generic && fast < 3*slow {
		t.Errorf("level %v is %.1f times as fast as plain Go, expected at least 3", cpu.Best(), fast/slow)
	}
}

// TestProductBitsOfLevels compares levels with fused multiply-adds, which add the same terms
// in the same order.
func TestProductBitsOfLevels(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 20))
	g := ProductConfig{M: 70, N: 90, K: 1100, TransB: true}
	a, b := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N*g.K)
	var want []float32
	for _, kernel := range productKernels[float32]() {
		if kernel.level == cpu.Generic {
			continue
		}
		c := make([]float32, g.M*g.N)
		newProduct(g, kernel).Run(c, a, b, Epilogue[float32]{})
		if want == nil {
			want = c
		}
		equalBits(t, kernel.level.String(), c, want)
	}
}

// TestProductBits runs products on 1, 2, 3 and 5 threads and row by row: all must
// give the same bits.
func TestProductBits(t *testing.T) {
	keepSettings(t)
	r := rand.New(rand.NewPCG(17, 18))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, s := range [][3]int{{200, 150, 70}, {90, 40, 1700}, {20, 400, 800}, {60, 1100, 800}, {90, 65, 1600}} {
				g := ProductConfig{M: s[0], N: s[1], K: s[2], TransA: transA, TransB: transB}
				a, b, bias := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N*g.K), randomMatrix(r, g.N)
				e := Epilogue[float32]{Bias: bias, Activation: GELUTanh}
				var want []float32
				for _, workers := range []int{1, 2, 3, 5} {
					parallel.SetWorkers(workers)
					c := make([]float32, g.M*g.N)
					newProduct(g, kernel).Run(c, a, b, e)
					if want == nil {
						want = c
					}
					equalBits(t, fmt.Sprintf("%+v on %d threads", g, workers), c, want)
				}
				one := g
				one.M, one.LDA = 1, choose(transA, g.M, g.K)
				for i := 0; i < g.M; i += 7 {
					c := make([]float32, g.N)
					newProduct(one, kernel).Run(c, a[choose(transA, i, i*g.K):], b, e)
					equalBits(t, fmt.Sprintf("row %d of %+v alone", i, g), c, want[i*g.N:][:g.N])
				}
			}
		}
	})
}

// TestProductAddsLast holds a sum beside a product to an addition after it, with one and with several blocks of K.
func TestProductAddsLast(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 26))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, s := range [][3]int{{1, 150, 70}, {2, 40, 1700}, {20, 400, 800}, {130, 90, 70}, {90, 140, 1700}, {60, 1100, 800}, {90, 66, 1600}} {
				g := ProductConfig{M: s[0], N: s[1], K: s[2], TransA: transA, TransB: transB}
				a, b, bias, add := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N*g.K), randomMatrix(r, g.N), randomMatrix(r, g.M*g.N)
				got, want := make([]float32, g.M*g.N), make([]float32, g.M*g.N)
				p := newProduct(g, kernel)
				p.Run(want, a, b, Epilogue[float32]{Bias: bias})
				Add(want, add, want)
				p.Run(got, a, b, Epilogue[float32]{Bias: bias, Add: add})
				equalBits(t, fmt.Sprintf("%+v", g), got, want)
			}
		}
	})
}

func equalBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: element %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

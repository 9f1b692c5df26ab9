package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// packRandom returns a random matrix as blocks, and what they stand for.
func packRandom(r *rand.Rand, kind blocks.Kind, rows, cols int) (Packed, []float32) {
	m := Packed{Kind: kind, Cols: cols, Data: make([]byte, rows*kind.Size(cols))}
	if kind.Packs() {
		kind.Pack(m.Data, randomMatrix(r, rows*cols))
	} else {
		for i := range m.Data {
			m.Data[i] = byte(r.IntN(256))
		}
		for i := 0; i < len(m.Data); i += kind.BlockBytes() {
			scales := map[blocks.Kind][]int{blocks.Q2_K: {80, 82}, blocks.Q3_K: {108}, blocks.IQ4NL: {0}}[kind]
			for _, at := range scales {
				m.Data[i+at], m.Data[i+at+1] = byte(r.IntN(256)), 0x20 // a small number
			}
		}
	}
	values := make([]float32, rows*cols)
	kind.Unpack(values, m.Data)
	return m, values
}

// TestRunPacked holds products with blocks to those with the numbers that they stand for, bit by bit.
func TestRunPacked(t *testing.T) {
	keepSettings(t)
	r := rand.New(rand.NewPCG(31, 32))
	kinds := blocks.Kinds()
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		i := 0
		for _, transB := range []bool{false, true} {
			for _, s := range [][3]int{{1, 512, 768}, {2, 256, 1280}, {3, 768, 256}, {5, 256, 512}, {20, 512, 256}, {70, 256, 1536}, {130, 1280, 512}, {300, 768, 256}, {64, 2816, 1280}} {
				if kernel.level == cpu.Generic && s[0] > 70 {
					continue // these are for the others' plans
				}
				for range 2 {
					kind := kinds[i%len(kinds)]
					i++
					g := ProductConfig{M: s[0], N: s[1], K: s[2], TransB: transB}
					rows, cols := g.K, g.N
					if transB {
						rows, cols = g.N, g.K
					}
					if kind.Elements() < 256 { // rows that 256 doesn't divide
						if transB {
							g.K += 32
						} else {
							g.N += 32
						}
						cols += 32
					}
					packed, b := packRandom(r, kind, rows, cols)
					a, bias, add := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N), randomMatrix(r, g.M*g.N)
					e := Epilogue[float32]{Bias: bias, Add: add}
					for _, workers := range []int{1, 3} {
						parallel.SetWorkers(workers)
						got, want := make([]float32, g.M*g.N), make([]float32, g.M*g.N)
						p := newProduct(g, kernel)
						p.Run(want, a, b, e)
						p.RunPacked(got, a, packed, e)
						equalBits(t, fmt.Sprintf("%v: %+v on %d threads", kind, g, workers), got, want)
					}
				}
			}
		}
	})
}

// TestRunPackedWide does the same in float64, in which gradients are checked.
func TestRunPackedWide(t *testing.T) {
	r := rand.New(rand.NewPCG(33, 34))
	for _, transB := range []bool{false, true} {
		g := ProductConfig{M: 7, N: 64, K: 96, TransB: transB}
		rows, cols := g.K, g.N
		if transB {
			rows, cols = g.N, g.K
		}
		packed, narrow := packRandom(r, blocks.Q5_1, rows, cols)
		a, b := make([]float64, g.M*g.K), make([]float64, len(narrow))
		for i := range a {
			a[i] = r.NormFloat64()
		}
		for i, v := range narrow {
			b[i] = float64(v)
		}
		got, want := make([]float64, g.M*g.N), make([]float64, g.M*g.N)
		p := NewProduct[float64](g)
		p.Run(want, a, b, Epilogue[float64]{})
		p.RunPacked(got, a, packed, Epilogue[float64]{})
		for i := range want {
			if got[i] != want[i] {
				t.Fatalf("element %d is %v, expected %v", i, got[i], want[i])
			}
		}
	}
}

func TestGatherPacked(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 36))
	for _, kind := range blocks.Kinds() {
		packed, table := packRandom(r, kind, 5, 512)
		if packed.Rows() != 5 {
			t.Errorf("%v: %d rows", kind, packed.Rows())
		}
		ids := []int32{4, 0, 4}
		got, want := make([]float32, 3*512), make([]float32, 3*512)
		GatherPacked(got, packed, ids)
		Gather(want, table, ids, 512)
		equalBits(t, kind.String(), got, want)
	}
}

// TestRunPackedAllocatesNothing looks at products of one row and of many, whose panels are filled in other ways.
func TestRunPackedAllocatesNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	for _, kind := range blocks.Kinds() {
		for _, m := range []int{1, 3, 100} {
			for _, transB := range []bool{false, true} {
				g := ProductConfig{M: m, N: 256, K: 512, TransB: transB}
				rows, cols := g.K, g.N
				if transB {
					rows, cols = g.N, g.K
				}
				packed, _ := packRandom(r, kind, rows, cols)
				a, c := make([]float32, g.M*g.K), make([]float32, g.M*g.N)
				p := NewProduct[float32](g)
				if n := testing.AllocsPerRun(20, func() { p.RunPacked(c, a, packed, Epilogue[float32]{}) }); n > 0 {
					t.Errorf("%v, %+v: %g objects are allocated", kind, g, n)
				}
			}
		}
	}
}

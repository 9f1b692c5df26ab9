package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/float16"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// newTiled makes a product by an implementation of tiles.
func newTiled(c ProductConfig, kernel *tileKernel) *Product[float32] {
	c.BFloat16 = true
	p := NewProduct[float32](c)
	p.tiled = newTiledProduct(p, kernel)
	p.plan = p.tiled.plan
	return p
}

// eachTiles runs a test with the fastest implementation of each family of tiles, and of arm64's on all processors.
func eachTiles(t *testing.T, run func(t *testing.T, kernel *tileKernel)) {
	families := tileFamilies()
	if !cpu.HasMatrices() {
		families = append(families, []*tileKernel{&genericMatrices})
	}
	for i, family := range families {
		t.Run(fmt.Sprint(i), func(t *testing.T) { run(t, family[0]) })
	}
}

func tiledShapes() []ProductConfig {
	var all []ProductConfig
	for _, s := range [][3]int{{1, 1, 1}, {16, 16, 32}, {32, 32, 64}, {33, 65, 31}, {70, 90, 100}, {7, 200, 33}, {130, 31, 257}, {31, 30, 4200}, {5, 6, 0}} {
		for _, transA := range []bool{false, true} {
			for _, transB := range []bool{false, true} {
				all = append(all, ProductConfig{M: s[0], N: s[1], K: s[2], TransA: transA, TransB: transB})
			}
		}
	}
	c := all[5]
	c.LDA, c.LDB, c.LDC = c.M+c.K+3, c.N+c.K+5, c.N+7
	return append(all, c)
}

// TestTilesAgree compares the implementations of tiles bit by bit, on all layouts and with all that an epilogue has.
func TestTilesAgree(t *testing.T) {
	for _, family := range tileFamilies() {
		tilesAgree(t, family)
	}
}

func tilesAgree(t *testing.T, family []*tileKernel) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, c := range tiledShapes() {
		ldc := max(c.LDC, c.N)
		a, b := randomMatrix(r, (c.M+c.K+8)*(c.M+c.K+8)), randomMatrix(r, (c.N+c.K+8)*(c.N+c.K+8))
		for i := range a { // of all sizes, with those that are too small for normal numbers
			a[i] *= float32(math.Exp(float64(i%7-3) * 22))
		}
		add, bias, before := randomMatrix(r, c.M*ldc), randomMatrix(r, c.N), randomMatrix(r, c.M*ldc)
		for _, accumulate := range []bool{false, true} {
			var want, wantSums []float32
			for i, kernel := range family {
				got, sums := append([]float32(nil), before...), make([]float32, c.M+c.N)
				e := Epilogue[float32]{Accumulate: accumulate, Bias: bias, Add: add}
				if c.TransA {
					e.SumA = sums[:c.M]
				}
				if !c.TransB {
					e.SumB = sums[c.M:]
				}
				newTiled(c, kernel).Run(got, a, b, e)
				if i == 0 {
					want, wantSums = got, sums
					continue
				}
				equalBits(t, fmt.Sprintf("%+v", c), got, want)
				equalBits(t, "sums", sums, wantSums)
			}
		}
	}
}

// TestTilesAccumulate has the bits of a sum with a product that was made apart.
func TestTilesAccumulate(t *testing.T) {
	eachTiles(t, func(t *testing.T, kernel *tileKernel) {
		r := rand.New(rand.NewPCG(9, 10))
		for _, c := range tiledShapes() {
			ldc := max(c.LDC, c.N)
			a, b := randomMatrix(r, (c.M+c.K+8)*(c.M+c.K+8)), randomMatrix(r, (c.N+c.K+8)*(c.N+c.K+8))
			add, bias, got := randomMatrix(r, c.M*ldc), randomMatrix(r, c.N), randomMatrix(r, c.M*ldc)
			want, apart := append([]float32(nil), got...), make([]float32, c.M*ldc)
			newTiled(c, kernel).Run(apart, a, b, Epilogue[float32]{Bias: bias})
			for m := range c.M {
				for n := range c.N {
					want[m*ldc+n] = want[m*ldc+n] + apart[m*ldc+n] + add[m*ldc+n]
				}
			}
			newTiled(c, kernel).Run(got, a, b, Epilogue[float32]{Bias: bias, Accumulate: true, Add: add})
			equalBits(t, fmt.Sprintf("%+v", c), got, want)
		}
	})
}

// TestTilesAreRight compares with sums in float64 of the rounded elements.
func TestTilesAreRight(t *testing.T) {
	eachTiles(t, func(t *testing.T, kernel *tileKernel) {
		r := rand.New(rand.NewPCG(3, 4))
		round := func(v float32) float64 { return float64(float16.Brain(float16.ToBrain(v))) }
		for _, c := range tiledShapes() {
			if c.LDA > 0 {
				continue
			}
			a, b, got := randomMatrix(r, c.M*c.K), randomMatrix(r, c.N*c.K), make([]float32, c.M*c.N)
			newTiled(c, kernel).Run(got, a, b, Epilogue[float32]{})
			for i := range c.M {
				for j := range c.N {
					var sum, size float64
					for k := range c.K {
						x := round(a[choose(c.TransA, k*c.M+i, i*c.K+k)]) * round(b[choose(c.TransB, j*c.K+k, k*c.N+j)])
						sum += x
						size += math.Abs(x)
					}
					if math.Abs(float64(got[i*c.N+j])-sum) > 1e-6*size {
						t.Fatalf("%+v: element %d, %d is %v, expected %v", c, i, j, got[i*c.N+j], sum)
					}
				}
			}
		}
	})
}

// TestToBFloat16 compares with the rounding of weights, numbers that are too small aside.
func TestToBFloat16(t *testing.T) {
	for _, v := range []float32{0, 1, -1, 1.00390625, 1.01171875, 3.4e38, float32(math.Inf(1)), float32(math.Inf(-1)), 1e-30} {
		if got, want := toBFloat16(v), float16.ToBrain(v); got != want {
			t.Errorf("%v is %#04x, expected %#04x", v, got, want)
		}
	}
	if got := toBFloat16(-1e-40); got != 0x8000 {
		t.Errorf("-1e-40 is %#04x, expected -0", got)
	}
	for _, bits := range []uint32{0x7fffffff, 0xff800001, 0x7fc00000} {
		if v := fromBFloat16(toBFloat16(math.Float32frombits(bits))); v == v {
			t.Errorf("NaN %#08x becomes %v", bits, v)
		}
	}
}

// TestTilesOfAnyNumberOfThreads has the same bits on one thread and on three.
func TestTilesOfAnyNumberOfThreads(t *testing.T) {
	eachTiles(t, func(t *testing.T, kernel *tileKernel) {
		defer parallel.SetWorkers(parallel.Workers())
		r := rand.New(rand.NewPCG(5, 6))
		c := ProductConfig{M: 70, N: 90, K: 4200, TransB: true}
		a, b := randomMatrix(r, c.M*c.K), randomMatrix(r, c.N*c.K)
		var want []float32
		for _, workers := range []int{1, 3, 2} {
			parallel.SetWorkers(workers)
			got := make([]float32, c.M*c.N)
			newTiled(c, kernel).Run(got, a, b, Epilogue[float32]{})
			if want == nil {
				want = got
			}
			equalBits(t, fmt.Sprint(workers), got, want)
		}
	})
}

// TestTilesOfPacked compares a packed B with its values.
func TestTilesOfPacked(t *testing.T) {
	eachTiles(t, func(t *testing.T, kernel *tileKernel) {
		r := rand.New(rand.NewPCG(7, 8))
		for _, transB := range []bool{false, true} {
			c := ProductConfig{M: 40, N: 96, K: 160, TransB: transB}
			rows, cols := c.K, c.N
			if transB {
				rows, cols = c.N, c.K
			}
			values := randomMatrix(r, rows*cols)
			packed := Packed{Kind: blocks.Q8_0, Cols: cols, Data: make([]byte, rows*blocks.Q8_0.Size(cols))}
			blocks.Q8_0.Pack(packed.Data, values)
			for i := range rows {
				UnpackRow(values[i*cols:][:cols], packed, i)
			}
			a := randomMatrix(r, c.M*c.K)
			want, got := make([]float32, c.M*c.N), make([]float32, c.M*c.N)
			newTiled(c, kernel).Run(want, a, values, Epilogue[float32]{})
			newTiled(c, kernel).RunPacked(got, a, packed, Epilogue[float32]{})
			equalBits(t, fmt.Sprint(transB), got, want)
		}
	})
}

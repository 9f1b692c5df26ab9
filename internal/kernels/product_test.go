package kernels

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// guard is what tests put around what a kernel may write.
const guard = -12345

// productCase is a product with its operands, which are small integers: sums
// of their products are exact in any order, so results must be equal to the last bit.
type productCase[T Float] struct {
	config  ProductConfig
	a, b, c []T // c is followed by guards
	bias    []T
	add     []T // laid out like c
}

func newProductCase[T Float](r *rand.Rand, c ProductConfig) productCase[T] {
	whole := func(n int) []T {
		s := make([]T, n)
		for i := range s {
			s[i] = T(r.IntN(9) - 4)
		}
		return s
	}
	matrix := func(rows, cols, ld int) []T {
		s := whole(max(0, (rows-1)*max(ld, cols)+cols))
		if rows == 0 || cols == 0 {
			return nil
		}
		return s
	}
	swap := func(yes bool, x, y int) (int, int) {
		if yes {
			return y, x
		}
		return x, y
	}
	ra, ca := swap(c.TransA, c.M, c.K)
	rb, cb := swap(c.TransB, c.K, c.N)
	p := productCase[T]{config: c, a: matrix(ra, ca, c.LDA), b: matrix(rb, cb, c.LDB), bias: whole(c.N)}
	p.c, p.add = matrix(c.M, c.N, c.LDC), matrix(c.M, c.N, c.LDC)
	for i := range p.c {
		if ld := max(c.LDC, c.N); i%ld >= c.N {
			p.c[i] = guard
		}
	}
	p.c = append(p.c, slices.Repeat([]T{guard}, 40)...)
	return p
}

// want returns c and pre after the product, by the definition.
func (p productCase[T]) want(e Epilogue[T]) (c, pre []T) {
	g := p.config
	lda, ldb, ldc := max(g.LDA, choose(g.TransA, g.M, g.K)), max(g.LDB, choose(g.TransB, g.K, g.N)), max(g.LDC, g.N)
	c, pre = slices.Clone(p.c), slices.Repeat([]T{guard}, len(p.c))
	for i := range g.M {
		for j := range g.N {
			var sum T
			for k := range g.K {
				x, y := i*lda+k, k*ldb+j
				if g.TransA {
					x = k*lda + i
				}
				if g.TransB {
					y = j*ldb + k
				}
				sum += p.a[x] * p.b[y]
			}
			if e.Bias != nil {
				sum += e.Bias[j]
			}
			if e.Accumulate {
				sum += c[i*ldc+j]
			}
			if e.Add != nil {
				sum += e.Add[i*ldc+j]
			}
			pre[i*ldc+j], c[i*ldc+j] = sum, sum
			Activate(e.Activation, c[i*ldc+j:][:1], c[i*ldc+j:][:1], false)
		}
	}
	return c, pre
}

func (p productCase[T]) check(t *testing.T, kernel *productKernel[T], e Epilogue[T]) {
	t.Helper()
	wantC, wantPre := p.want(e)
	c, pre := slices.Clone(p.c), slices.Repeat([]T{guard}, len(p.c))
	if e.Pre != nil {
		e.Pre = pre
	} else {
		pre = wantPre
	}
	e.AccumulateSums = e.Accumulate
	wantA, wantB := p.sums(&e)
	newProduct(p.config, kernel).Run(c, p.a, p.b, e)
	if !slices.Equal(e.SumA, wantA) || !slices.Equal(e.SumB, wantB) {
		t.Fatalf("%v %+v: sums of A %v and of B %v, want %v and %v", kernel.level, p.config, e.SumA, e.SumB, wantA, wantB)
	}
	for i := range c {
		if !close32(c[i], wantC[i], e.Activation) || pre[i] != wantPre[i] {
			t.Fatalf("%v %+v, %+v: C[%d] = %v and Pre %v, want %v and %v",
				kernel.level, p.config, e.Activation, i, c[i], pre[i], wantC[i], wantPre[i])
		}
	}
}

// sums asks e for those of the sums that the product can find, and returns them by the definition.
func (p productCase[T]) sums(e *Epilogue[T]) (wantA, wantB []T) {
	g := p.config
	const before = 7
	sum := func(x []T, cols, ld int) (dst, want []T) {
		dst, want = slices.Repeat([]T{before}, cols), make([]T, cols)
		for j := range want {
			if e.AccumulateSums {
				want[j] = before
			}
			for k := range g.K {
				want[j] += x[k*max(ld, cols)+j]
			}
		}
		return append(dst, guard), append(want, guard)
	}
	if g.TransA {
		e.SumA, wantA = sum(p.a, g.M, g.LDA)
	}
	if !g.TransB {
		e.SumB, wantB = sum(p.b, g.N, g.LDB)
	}
	return wantA, wantB
}

// close32 allows an activation the error of its approximation; a product that has none must be exact.
func close32[T Float](got, want T, f Activation) bool {
	if f == Identity || f == ReLU {
		return got == want
	}
	return math.Abs(float64(got-want)) <= 1e-5*math.Abs(float64(want))+1e-6
}

func eachProductKernel(t *testing.T, run func(t *testing.T, kernel *productKernel[float32])) {
	for _, kernel := range productKernels[float32]() {
		t.Run(kernel.level.String(), func(t *testing.T) { run(t, kernel) })
	}
}

func transposes(yield func(a, b bool) bool) {
	_ = yield(false, false) && yield(true, false) && yield(false, true) && yield(true, true)
}

func TestProductSizes(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for m := range 2*kernel.rows + 2 {
				for _, n := range []int{0, 1, 2, 3, 15, 16, 17, 31, 32, 33, kernel.cols - 1, kernel.cols, 2*kernel.cols + 1} {
					for _, k := range []int{0, 1, 2, 5, 17} {
						newProductCase[float32](r, ProductConfig{M: m, N: n, K: k, TransA: transA, TransB: transB}).check(t, kernel, Epilogue[float32]{})
					}
				}
			}
		}
	})
}

func TestProductBlocks(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, s := range [][3]int{
				{skinnyRows, 65, 1100}, {skinnyRows + 1, 65, 1100}, {200, 70, 33}, {61, 300, 40},
				{50, 4, 2*maxDepth + 1}, {49, 1, 1}, {1024, 17, 30}, {60, 17, 1024}, {300, 33, 513}, {1, 1000, 700}, {2, 300, 40}, {3, 130, 600}, {4, 70, 1100}, {1, 130, 768}, {2, 70, 1600}, {1, 70, 512}, {2, 70, 512}, {150, 50, 1600},
			} {
				c := ProductConfig{M: s[0], N: s[1], K: s[2], TransA: transA, TransB: transB}
				newProductCase[float32](r, c).check(t, kernel, Epilogue[float32]{})
			}
		}
	})
}

// TestProductParts has B too large to be packed at one time, in either direction.
func TestProductParts(t *testing.T) {
	defer func(size int) { sharedSize = size }(sharedSize)
	sharedSize = 1 << 14
	r := rand.New(rand.NewPCG(5, 6))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for _, s := range [][3]int{{skinnyRows + 2, 20, 4 * maxDepth}, {skinnyRows + 2, 1100, 520}} {
			p := newProductCase[float32](r, ProductConfig{M: s[0], N: s[1], K: s[2]})
			p.check(t, kernel, Epilogue[float32]{Accumulate: true, Bias: p.bias, Add: p.add, Activation: ReLU})
		}
	})
}

func TestProductEpilogues(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, s := range [][3]int{{1, 150, 520}, {3, 150, 9}, {5, 37, 9}, {60, 37, 9}, {14, 33, 520}, {51, 20, 520}, {1, 75, 48}, {2, 37, 32}, {70, 33, 64}} {
				for option := range 32 {
					c := ProductConfig{M: s[0], N: s[1], K: s[2], TransA: transA, TransB: transB}
					c.LDA, c.LDB, c.LDC = max(c.M, c.K)+3, max(c.N, c.K)+5, c.N+7
					p := newProductCase[float32](r, c)
					e := Epilogue[float32]{Accumulate: option&1 != 0}
					if option&2 != 0 {
						e.Bias = p.bias
					}
					if option&4 != 0 {
						e.Activation = []Activation{ReLU, GELUTanh}[r.IntN(2)]
					}
					if option&8 != 0 {
						e.Pre = p.c // any that is not nil
					}
					if option&16 != 0 {
						e.Add = p.add
					}
					p.check(t, kernel, e)
				}
			}
		}
	})
}

func TestProductFloat64(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 10))
	for transA, transB := range transposes {
		for m := range 5 {
			for n := range 9 {
				c := ProductConfig{M: m * m * m, N: n, K: 11, TransA: transA, TransB: transB}
				p := newProductCase[float64](r, c)
				p.check(t, genericProduct[float64](), Epilogue[float64]{Accumulate: n&1 == 0, Bias: p.bias, Add: p.add})
			}
		}
	}
}

// TestProductUnaligned puts the matrices at every offset from a cache line.
func TestProductUnaligned(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for offset := range 17 {
				for _, m := range []int{9, 51} {
					p := newProductCase[float32](r, ProductConfig{M: m, N: 39, K: 21, TransA: transA, TransB: transB})
					shift := func(s []float32) []float32 { return slices.Concat(make([]float32, offset), s)[offset:] }
					p.a, p.b, p.c, p.bias, p.add = shift(p.a), shift(p.b), shift(p.c), shift(p.bias), shift(p.add)
					p.check(t, kernel, Epilogue[float32]{Bias: p.bias, Add: p.add})
				}
			}
		}
	})
}

// TestProductNaN puts one value that isn't finite in each operand: it must reach its row or
// column of C and nothing else.
func TestProductNaN(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	r := rand.New(rand.NewPCG(13, 14))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for transA, transB := range transposes {
			for _, m := range []int{5, 53} {
				for _, bad := range []float32{nan, inf, -inf} {
					g := ProductConfig{M: m, N: 35, K: 19, TransA: transA, TransB: transB}
					p := newProductCase[float32](r, g)
					row, col := r.IntN(g.M), r.IntN(g.N)
					for i := range p.a {
						p.a[i], p.c[i%len(p.c)] = 1, 0
					}
					for i := range p.b {
						p.b[i] = 1
					}
					p.a[choose(transA, 7*g.M+row, row*g.K+7)] = bad
					p.b[choose(transB, col*g.K+3, 3*g.N+col)] = bad
					newProduct(g, kernel).Run(p.c, p.a, p.b, Epilogue[float32]{})
					for i := range g.M {
						for j := range g.N {
							got, want := p.c[i*g.N+j], float32(g.K)
							if i == row || j == col {
								want = bad
							}
							if got != want && !(math.IsNaN(float64(got)) && math.IsNaN(float64(want))) {
								t.Fatalf("%+v with %v in row %d and column %d: C[%d, %d] = %v, want %v", g, bad, row, col, i, j, got, want)
							}
						}
					}
				}
			}
		}
	})
}

func randomMatrix(r *rand.Rand, n int) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = float32(r.NormFloat64())
	}
	return s
}

// TestProductAccuracy compares random products with sums in float64. An element is a sum of K
// rounded terms: its error grows like √K·2⁻²⁴ times the terms' size √K; ten times that is allowed.
func TestProductAccuracy(t *testing.T) {
	r := rand.New(rand.NewPCG(15, 16))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		for _, s := range [][3]int{{7, 40, 100}, {70, 40, 100}, {60, 33, 2000}} {
			g := ProductConfig{M: s[0], N: s[1], K: s[2], TransB: true}
			a, b, c := randomMatrix(r, g.M*g.K), randomMatrix(r, g.N*g.K), make([]float32, g.M*g.N)
			newProduct(g, kernel).Run(c, a, b, Epilogue[float32]{})
			for i := range g.M {
				for j := range g.N {
					var want float64
					for k := range g.K {
						want += float64(a[i*g.K+k]) * float64(b[j*g.K+k])
					}
					if e := math.Abs(float64(c[i*g.N+j]) - want); e > 10*float64(g.K)/(1<<24) {
						t.Fatalf("%+v: C[%d, %d] is off by %g", g, i, j, e)
					}
				}
			}
		}
	})
}

func TestProductAllocatesNothing(t *testing.T) {
	for _, m := range []int{3, 100} {
		g := ProductConfig{M: m, N: 70, K: 600}
		a, b, c := make([]float32, g.M*g.K), make([]float32, g.K*g.N), make([]float32, g.M*g.N)
		p := NewProduct[float32](g)
		if n := testing.AllocsPerRun(20, func() { p.Run(c, a, b, Epilogue[float32]{}) }); n > 0 {
			t.Errorf("Run allocates %g objects", n)
		}
	}
}

func TestProductRefusesShortSlices(t *testing.T) {
	p := NewProduct[float32](ProductConfig{M: 3, N: 4, K: 5, LDA: 8})
	full := func() ([]float32, []float32, []float32, Epilogue[float32]) {
		return make([]float32, 12), make([]float32, 21), make([]float32, 20), Epilogue[float32]{}
	}
	for _, shorten := range []func(c, a, b *[]float32, e *Epilogue[float32]){
		func(c, a, b *[]float32, e *Epilogue[float32]) { *c = (*c)[:11] },
		func(c, a, b *[]float32, e *Epilogue[float32]) { *a = (*a)[:20] },
		func(c, a, b *[]float32, e *Epilogue[float32]) { *b = (*b)[:19] },
		func(c, a, b *[]float32, e *Epilogue[float32]) { e.Bias = make([]float32, 3) },
		func(c, a, b *[]float32, e *Epilogue[float32]) { e.Pre = make([]float32, 11) },
		func(c, a, b *[]float32, e *Epilogue[float32]) { e.Add = make([]float32, 11) },
	} {
		c, a, b, e := full()
		p.Run(c, a, b, e)
		shorten(&c, &a, &b, &e)
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("lengths %d, %d, %d, bias %d, pre %d, add %d: no panic", len(c), len(a), len(b), len(e.Bias), len(e.Pre), len(e.Add))
				}
			}()
			p.Run(c, a, b, e)
		}()
	}
}

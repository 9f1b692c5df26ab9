package kernels

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// ProductConfig describes the product C = op(A)·op(B) of row-major matrices:
// C [M, N], op(A) [M, K] and op(B) [K, N].
type ProductConfig struct {
	M, N, K        int
	TransA, TransB bool // A is stored [K, M]; B is stored [N, K]

	// LDA, LDB and LDC are the elements from one stored row to the next; 0
	// means that rows touch.
	LDA, LDB, LDC int

	// BFloat16 rounds the elements of A and B to bfloat16, whose products are added in float32: in blocks of 32 terms, the even ones and the odd
	// ones of each by themselves. So it is on processors with Intel's AMX, see HasBFloat16, and elsewhere in plain Go. Those that have AVX512_BF16
	// and no AMX add the terms one by one, and arm64's BF16 adds the products of two terms to each other first. Of float64 it changes nothing. Default false.
	BFloat16 bool
}

// Epilogue says what becomes of a product P: C = f(P + bias + add), or
// C = f(C + P + bias + add).
type Epilogue[T Float] struct {
	Accumulate bool       // adds to what C holds; default false
	Bias       []T        // [N], added to each row; may be nil
	Add        []T        // [M, N] with rows LDC apart, added last, so that the bits are those of an addition apart; may be nil
	Activation Activation // f; default Identity
	Pre        []T        // [M, N] with rows LDC apart, receives the argument of f; may be nil

	// What is summed beside the product, while it is in the caches; may be nil.
	SumA           []T  // [M], receives the sums of the rows of op(A), whose A must be transposed
	SumB           []T  // [N], receives the sums of the columns of op(B), whose B must not be
	AccumulateSums bool // adds to what SumA and SumB hold; default false
}

// A Product multiplies matrices of one shape on all cores.
//
// The terms of an element are added in an order that depends on K alone: in
// blocks of at most oneBlock terms, each from its first to its last, and then the
// blocks in order. So a row of C has the same bits on any number of threads and among
// any number of other rows.
type Product[T Float] struct {
	ProductConfig
	kernel *productKernel[T]
	depth  int // terms of a block of K
	plan   productPlan
	pack   func(worker, item int)
	work   func(worker, item int)
	run    productRun[T]
	tiled  *tiledProduct // nil but for BFloat16
}

// productRun is the state of a Run under way.
type productRun[T Float] struct {
	c, a, b []T
	packed  Packed // in the place of b
	e       Epilogue[T]
	part    productPart
	space   *productSpace[T]
	streams bool // whether full tiles are written past the caches
}

// NewProduct returns the product that c describes, in the fastest
// implementation that package cpu allows. It panics if a size is negative or a leading
// dimension is smaller than its row.
func NewProduct[T Float](c ProductConfig) *Product[T] {
	return newProduct(c, productKernels[T]()[0])
}

func newProduct[T Float](c ProductConfig, kernel *productKernel[T]) *Product[T] {
	if c.M < 0 || c.N < 0 || c.K < 0 {
		panic(fmt.Sprintf("kernels: product: negative size in %d × %d × %d", c.M, c.N, c.K))
	}
	leading := func(name string, given, row int) int {
		if given == 0 {
			return row
		}
		if given < row {
			panic(fmt.Sprintf("kernels: product: %s is %d, expected at least the row's %d", name, given, row))
		}
		return given
	}
	c.LDA = leading("LDA", c.LDA, choose(c.TransA, c.M, c.K))
	c.LDB = leading("LDB", c.LDB, choose(c.TransB, c.K, c.N))
	c.LDC = leading("LDC", c.LDC, c.N)
	p := &Product[T]{ProductConfig: c, kernel: kernel, depth: productDepth(c.K)}
	p.pack, p.work = p.packB, p.tiles
	if single, ok := any(p).(*Product[float32]); ok && c.BFloat16 {
		p.tiled = newTiledProduct(single, tileKernels()[0])
		p.plan = p.tiled.plan
	} else {
		p.plan = p.newPlan(parallel.Workers())
	}
	space := takeProductSpace[T]()
	space.reserve(&p.plan)
	giveProductSpace(space)
	return p
}

func choose[T any](condition bool, yes, no T) T {
	if condition {
		return yes
	}
	return no
}

// Run computes c from a, b and e. The matrices must not overlap, except that
// e.Pre may be c where the activation is Identity. A Product must not run twice at one
// time; different Products may.
func (p *Product[T]) Run(c, a, b []T, e Epilogue[T]) {
	p.check(c, a, b, e)
	r := &p.run
	r.c, r.a, r.b, r.e = c, a, b, e
	defer func() { r.c, r.a, r.b, r.e, r.space = nil, nil, nil, Epilogue[T]{}, nil }()
	if p.M == 0 || p.N == 0 {
		p.sumA(0, p.M, 0, p.K)
		p.sumB(0, p.N, 0, p.K)
		return
	}
	if p.tiled != nil {
		p.tiled.multiply(any(p).(*Product[float32]))
		return
	}
	if workers := parallel.Workers(); workers != p.plan.workers {
		p.plan = p.newPlan(workers)
	}
	r.streams = p.streams()
	r.space = takeProductSpace[T]()
	r.space.reserve(&p.plan)
	if r.packed.Data != nil {
		r.space.reserveRaw(p.plan.workers, p.unpackedSpace())
	}
	for n := 0; n < p.N; n += p.plan.spanN {
		for k := 0; k == 0 || k < p.K; k += p.plan.spanK {
			r.part = productPart{n, min(n+p.plan.spanN, p.N), k, min(k+p.plan.spanK, p.K)}
			r.space.forget()
			parallel.Run(p.packItems(), p.pack)
			parallel.Run(len(p.plan.items(r.part)), p.work)
		}
	}
	giveProductSpace(r.space)
}

// streams reports whether full tiles of C are written past the caches. A sum isn't, since a norm reads it next.
func (p *Product[T]) streams() bool {
	e := &p.run.e
	return streams(p.run.c, p.M*p.N, p.LDC) && p.K <= p.depth && !e.Accumulate && e.Add == nil && e.Activation == Identity && e.Pre == nil
}

// check panics if a slice is too short, as assembly would not notice.
func (p *Product[T]) check(c, a, b []T, e Epilogue[T]) {
	enough := func(name string, have, rows, cols, ld int) {
		if need := (rows-1)*ld + cols; rows > 0 && cols > 0 && have < need {
			panic(fmt.Sprintf("kernels: product: %s has %d elements, expected at least %d", name, have, need))
		}
	}
	enough("C", len(c), p.M, p.N, p.LDC)
	enough("A", len(a), choose(p.TransA, p.K, p.M), choose(p.TransA, p.M, p.K), p.LDA)
	if p.run.packed.Data == nil {
		enough("B", len(b), choose(p.TransB, p.N, p.K), choose(p.TransB, p.K, p.N), p.LDB)
	}
	if e.Bias != nil {
		enough("Bias", len(e.Bias), 1, p.N, p.N)
	}
	if e.Add != nil {
		enough("Add", len(e.Add), p.M, p.N, p.LDC)
	}
	if e.Pre != nil {
		enough("Pre", len(e.Pre), p.M, p.N, p.LDC)
	}
	if e.SumA != nil {
		enough("SumA", len(e.SumA), 1, p.M, p.M)
	}
	if e.SumB != nil {
		enough("SumB", len(e.SumB), 1, p.N, p.N)
	}
	if e.SumA != nil && !p.TransA || e.SumB != nil && p.TransB {
		panic("kernels: product: rows of A are summed where A is transposed, columns of B where B is not")
	}
}

package kernels

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// HasBFloat16 reports whether this processor multiplies bfloat16, see ProductConfig.BFloat16. Others come to the bits of AMX, in plain Go.
func HasBFloat16() bool { return len(tileKernels()) > 1 }

const (
	tiledTerms  = 4096      // most terms of a part
	tiledShared = 4 << 20   // elements of a part of B
	tiledOwn    = 256 << 10 // elements of a worker's panels of A
	tiledNear   = 128 << 10 // elements of panels of B that stay near while they meet all panels of A
	tiledTurns  = 4         // items by worker, at least
	apartPanels = 8         // most panels that are computed apart before they come to C
)

// tiledProduct is a Product of numbers that are rounded to bfloat16. A part of B is packed for all; an item is some panels of rows, which its worker
// packs, and columns.
type tiledProduct struct {
	Product[float32]
	kernel       *tileKernel
	spanN, spanK int
	down         int // panels of rows of an item
	pieces       int // items of the same rows
	packs, items func(worker, item int)
	// of a part
	n0, n1, k0, k1 int
	shared         []uint16
	own            [][]uint16
	edges          [][]float32 // by worker: a tile of what is packed over an edge
	apart          [][]float32 // by worker: panels that don't come to C as they are
}

func newTiledProduct(p *Product[float32], kernel *tileKernel) *tiledProduct {
	t := &tiledProduct{kernel: kernel}
	t.ProductConfig, t.depth = p.ProductConfig, max(1, p.K)
	t.spanK = min(tiledTerms, roundUp(max(1, p.K), tileDepth))
	t.spanN = min(max(1, tiledShared/t.spanK/panelLanes), max(1, ceilDiv(p.N, panelLanes))) * panelLanes
	t.packs, t.items = t.packPanel, t.item
	t.share(parallel.Workers())
	return t
}

// share shares the rows out to a number of workers.
func (t *tiledProduct) share(workers int) {
	panels := ceilDiv(t.M, panelLanes)
	t.down = max(1, min(tiledOwn/(t.spanK*panelLanes), panels/(tiledTurns*workers)))
	t.pieces = max(1, min(ceilDiv(tiledTurns*workers, max(1, panels)), t.spanN/panelLanes))
	t.plan = productPlan{workers: workers, shared: t.spanK * t.spanN / 2, own: t.down * panelLanes * t.spanK / 2}
}

// words returns the same memory as elements of 16 bits.
func words(x []float32) []uint16 {
	if len(x) == 0 {
		return nil
	}
	return unsafe.Slice((*uint16)(unsafe.Pointer(&x[0])), 2*len(x))
}

// multiply is Run behind its checks, on the state of a run that p has.
func (t *tiledProduct) multiply(p *Product[float32]) {
	if workers := parallel.Workers(); workers != t.plan.workers {
		t.share(workers)
	}
	t.run = p.run
	defer func() { t.run = productRun[float32]{} }()
	space := takeProductSpace[float32]()
	defer giveProductSpace(space)
	space.reserve(&t.plan)
	t.run.space = space
	if t.run.packed.Data != nil {
		space.reserveRaw(t.plan.workers, tileDepth*unpackedStride(max(t.spanK, panelLanes)+2*256))
	}
	t.shared = words(space.shared)
	t.own = t.own[:0]
	for _, own := range space.own {
		t.own = append(t.own, words(own))
	}
	for len(t.edges) < t.plan.workers {
		t.edges = append(t.edges, make([]float32, tileSize))
		t.apart = append(t.apart, make([]float32, panelLanes*apartPanels*panelLanes))
	}
	if e := p.run.e; e.Accumulate && t.K > t.spanK { // what the parts come to is added as a whole
		before := make([]float32, 0, t.M*t.N)
		for m := range t.M {
			before = append(before, t.run.c[m*t.LDC:][:t.N]...)
		}
		t.run.e = Epilogue[float32]{Bias: e.Bias, SumA: e.SumA, SumB: e.SumB, AccumulateSums: e.AccumulateSums}
		t.parts()
		t.run.e = e
		for m := range t.M {
			Accumulate(t.run.c[m*t.LDC:][:t.N], before[m*t.N:])
		}
		t.addRows(0, t.M, 0, t.N)
		return
	}
	t.parts()
}

// parts computes C part by part.
func (t *tiledProduct) parts() {
	for t.n0 = 0; t.n0 < t.N; t.n0 += t.spanN {
		t.n1 = min(t.n0+t.spanN, t.N)
		for t.k0 = 0; t.k0 == 0 || t.k0 < t.K; t.k0 += t.spanK {
			t.k1 = min(t.k0+t.spanK, t.K)
			parallel.Run(ceilDiv(t.n1-t.n0, panelLanes), t.packs)
			parallel.Run(ceilDiv(t.M, t.down*panelLanes)*t.pieces, t.items)
		}
	}
}

// blocks returns those of the part's terms.
func (t *tiledProduct) blocks() int { return max(1, ceilDiv(t.k1-t.k0, tileDepth)) }

// packPanel packs panel i of the part of B.
func (t *tiledProduct) packPanel(worker, i int) {
	blocks, terms := t.blocks(), t.k1-t.k0
	size := blocks * blockSize
	for half := range 2 {
		n := t.n0 + i*panelLanes + half*tileLanes
		count := min(tileLanes, t.n1-n)
		dst := t.shared[i*size+half*tileSize : (i+1)*size]
		switch {
		case count <= 0:
			t.zero(dst, blocks)
		case t.run.packed.Data != nil && t.TransB:
			raw, ld := t.unpackRows(worker, n, count, t.k0, t.k1)
			t.pack(worker, dst, raw, ld, count, terms, blocks, false, t.kernel.packRowsTurned)
		case t.run.packed.Data != nil:
			for block := range blocks {
				k := t.k0 + block*tileDepth
				raw, ld := t.unpackRows(worker, k, min(tileDepth, t.k1-k), n, n+count)
				t.pack(worker, dst[block*blockSize:], raw, ld, count, t.k1-k, 1, true, t.kernel.packPairs)
			}
		case t.TransB:
			t.pack(worker, dst, t.run.b[n*t.LDB+t.k0:], t.LDB, count, terms, blocks, false, t.kernel.packRowsTurned)
		default:
			t.pack(worker, dst, t.run.b[t.k0*t.LDB+n:], t.LDB, count, terms, blocks, true, t.kernel.packPairs)
		}
	}
}

// packRows packs the panels of A with rows [m0, m1). A transposed A is read in its own order, some of its rows after others.
func (t *tiledProduct) packRows(worker, m0, m1 int) {
	step := t.blocks()
	if t.TransA {
		step = 1
	}
	size := t.blocks() * blockSize
	for block := 0; block < t.blocks(); block += step {
		k := t.k0 + block*tileDepth
		for m := m0; m < roundUp(m1, panelLanes); m += tileLanes {
			count := min(tileLanes, m1-m)
			dst := t.own[worker][(m-m0)/panelLanes*size+block*blockSize+(m-m0)%panelLanes*tileDepth:]
			switch {
			case count <= 0:
				t.zero(dst, step)
			case t.TransA:
				t.pack(worker, dst, t.run.a[k*t.LDA+m:], t.LDA, count, t.k1-k, step, true, t.kernel.packPairsTurned)
			default:
				t.pack(worker, dst, t.run.a[m*t.LDA+k:], t.LDA, count, t.k1-k, step, false, t.kernel.packRows)
			}
		}
	}
}

// zero clears one tile of some blocks.
func (t *tiledProduct) zero(dst []uint16, blocks int) {
	for block := range blocks {
		clear(dst[block*blockSize:][:tileSize])
	}
}

// pack packs tiles of count rows or columns with so many terms, which run across the rows of src or along them. Over edges there are zeros.
func (t *tiledProduct) pack(worker int, dst []uint16, src []float32, ld, count, terms, blocks int, across bool, tile func(dst []uint16, src []float32, ld, blocks int)) {
	whole := min(terms/tileDepth, blocks)
	if count < tileLanes {
		whole = 0
	}
	if whole > 0 {
		tile(dst, src, ld, whole)
	}
	edge := t.edges[worker]
	for block := whole; block < blocks; block++ {
		clear(edge)
		for k := range min(tileDepth, terms-block*tileDepth) {
			for lane := range count {
				if across {
					edge[k*tileLanes+lane] = src[(block*tileDepth+k)*ld+lane]
				} else {
					edge[lane*tileDepth+k] = src[lane*ld+block*tileDepth+k]
				}
			}
		}
		tile(dst[block*blockSize:], edge, choose(across, tileLanes, tileDepth), 1)
	}
}

// item computes rows of C in some columns of the part.
func (t *tiledProduct) item(worker, i int) {
	m0 := i / t.pieces * t.down * panelLanes
	m1 := min(m0+t.down*panelLanes, t.M)
	panels := ceilDiv(t.n1-t.n0, panelLanes)
	first, last := panels*(i%t.pieces)/t.pieces, panels*(i%t.pieces+1)/t.pieces
	if first == last {
		return
	}
	n0, n1 := t.n0+first*panelLanes, min(t.n0+last*panelLanes, t.n1)
	depth := t.k1 - t.k0
	if n0 == 0 {
		t.sumA(m0, m1, t.k0, depth)
	}
	if m0 == 0 {
		t.sumB(n0, n1, t.k0, depth)
	}
	t.packRows(worker, m0, m1)
	size := t.blocks() * blockSize
	near := max(1, tiledNear/size)
	for panel := first; panel < last; panel += near {
		for m := m0; m < m1; m += panelLanes {
			t.rows(worker, m, m1, t.own[worker][(m-m0)/panelLanes*size:][:size], panel, min(panel+near, last))
		}
	}
	if t.k1 < t.K {
		return
	}
	if bias := t.run.e.Bias; bias != nil && !t.run.e.Accumulate {
		for m := m0; m < m1; m++ {
			Accumulate(t.run.c[m*t.LDC+n0:m*t.LDC+n1], bias[n0:n1])
		}
	}
	t.addRows(m0, m1, n0, n1)
}

// addRows adds what is added last, and does what is left to do.
func (t *tiledProduct) addRows(m0, m1, n0, n1 int) {
	if add := t.run.e.Add; add != nil {
		for m := m0; m < m1; m++ {
			Accumulate(t.run.c[m*t.LDC+n0:m*t.LDC+n1], add[m*t.LDC+n0:m*t.LDC+n1])
		}
	}
	t.finish(m0, m1, n0, n1)
}

// rows multiplies a panel of A with rows from m on by panels of B.
func (t *tiledProduct) rows(worker, m, m1 int, a []uint16, first, last int) {
	size, blocks := t.blocks()*blockSize, t.blocks()
	whole := last
	switch {
	case t.run.e.Accumulate || m+panelLanes > m1:
		whole = first
	case t.n0+last*panelLanes > t.n1:
		whole--
	}
	if whole > first {
		t.kernel.multiply(t.run.c[m*t.LDC+t.n0+first*panelLanes:], t.LDC, a, t.shared[first*size:whole*size], blocks, whole-first, t.k0 > 0)
	}
	const ld = apartPanels * panelLanes
	for panel := whole; panel < last; panel += apartPanels {
		end := min(panel+apartPanels, last)
		n, n1 := t.n0+panel*panelLanes, min(t.n0+end*panelLanes, t.n1)
		apart := t.apart[worker]
		if t.k0 > 0 {
			for r := m; r < min(m+panelLanes, m1); r++ {
				copy(apart[(r-m)*ld:], t.run.c[r*t.LDC+n:r*t.LDC+n1])
			}
		}
		t.kernel.multiply(apart, ld, a, t.shared[panel*size:end*size], blocks, end-panel, t.k0 > 0)
		for r := m; r < min(m+panelLanes, m1); r++ {
			row, c := apart[(r-m)*ld:][:n1-n], t.run.c[r*t.LDC+n:r*t.LDC+n1]
			if !t.run.e.Accumulate {
				copy(c, row)
				continue
			}
			if t.run.e.Bias != nil {
				Accumulate(row, t.run.e.Bias[n:n1])
			}
			Accumulate(c, row)
		}
	}
}

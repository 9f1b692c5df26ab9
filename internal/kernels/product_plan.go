package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

const (
	maxDepth  = 512 // most terms of a block of K
	packGroup = 4   // panels of B that an item packs

	// skinnyRows is the most rows for which packing B apart doesn't pay: its panels are used
	// where they lie, or packed one by one as they are needed.
	skinnyRows = 48
)

// Elements of packing space: the rows of A that an item packs stay in the second cache beside
// a panel of B and a block of C, and the part of B that all items share stays in the third.
var (
	ownSize    = cpu.CacheSizes().L2 / 16
	sharedSize = min(max(cpu.CacheSizes().L3/8, 1<<20), 4<<20)
)

// productDepth returns the terms of a block of K. Blocks are as equal as can
// be, and depend on nothing but k.
func productDepth(k int) int {
	blocks := max(1, ceilDiv(k, maxDepth))
	return max(1, ceilDiv(k, blocks))
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// productPlan says how a product is cut into items. A wide product packs a
// part of B for all, and its items are blocks of rows and columns that may pack their rows of A.
// An item of a skinny one is a block of columns over all rows.
type productPlan struct {
	skinny       bool
	packA        bool
	spanN, spanK int // of op(B), the part that is worked on at one time
	rows, cols   int // of an item
	workers      int
	shared, own  int // elements of packing space, for all and for each worker
}

// plan cuts the product for a number of workers, so that each gets several
// items and an item is worth the packing that it does.
func (p *Product[T]) plan(workers int) productPlan {
	k := p.kernel
	panelsN := ceilDiv(p.N, k.cols)
	if p.M <= skinnyRows {
		cols := max(1, min(8, panelsN/(4*workers))) * k.cols
		return productPlan{
			skinny: true, spanN: max(1, p.N), spanK: max(1, p.K), rows: max(1, p.M), cols: cols,
			workers: workers, own: p.depth * k.cols,
		}
	}
	const leastItems, leastColPanels = 8, 2 // items by worker
	r := productPlan{workers: workers}
	r.spanN = min(panelsN, max(1024, sharedSize/max(1, p.K))/k.cols) * k.cols
	r.spanK = max(1, sharedSize/max(1, r.spanN)/p.depth) * p.depth
	panelsM := ceilDiv(p.M, k.rows)
	rowPanels := max(2, min(ownSize/(k.lanes*p.depth), panelsM/(leastItems*workers)))
	colPanels := r.spanN / k.cols
	if rowItems := ceilDiv(panelsM, rowPanels); rowItems < leastItems*workers {
		colPanels = max(leastColPanels, ceilDiv(colPanels, ceilDiv(leastItems*workers, rowItems)))
	}
	r.rows, r.cols = rowPanels*k.rows, colPanels*k.cols
	r.shared = min(r.spanK, max(1, p.K)) * r.spanN
	// At a distance of whole pages the rows of a tile compete for a few lines of the caches, and
	// a tile of few rows uses too little of the lines of a transposed A.
	const page, fewRows = 1024, 8
	if r.packA = p.LDA%page == 0 || p.TransA && k.rows < fewRows; r.packA {
		r.own = rowPanels * k.lanes * p.depth
	}
	return r
}

// productPart is the part of op(B) that is worked on: columns [n0, n1) and
// rows [k0, k1).
type productPart struct{ n0, n1, k0, k1 int }

// blocks returns the number of blocks of K, at least one.
func (q productPart) blocks(depth int) int { return max(1, ceilDiv(q.k1-q.k0, depth)) }

// packItems returns how many items pack the part of B.
func (p *Product[T]) packItems() int {
	if p.run.plan.skinny {
		return 0
	}
	q := p.run.part
	return q.blocks(p.depth) * ceilDiv(q.n1-q.n0, packGroup*p.kernel.cols)
}

// tileItems returns how many items compute blocks of C from the part of B.
func (p *Product[T]) tileItems() int {
	q, plan := p.run.part, p.run.plan
	return ceilDiv(p.M, plan.rows) * ceilDiv(q.n1-q.n0, plan.cols)
}

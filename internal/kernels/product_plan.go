package kernels

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

const (
	oneBlock   = 1024 // most terms of K that are one block
	maxDepth   = 768  // most terms of a block where there are several
	mostPacked = 4    // panels of B that an item packs for all

	// skinnyRows is the most rows for which packing B apart doesn't pay: its panels are used
	// where they lie, or packed one by one as they are needed.
	skinnyRows = 48

	fewRows = 8 // a tile of less rows has few

	// lastPart is the part of a tile's rows, the third, up to which the last tile of a strip has too few to keep up with reading B.
	lastPart = 3

	leastTerms = 256 // of a tile, as much work as an item has at least

	stepsAhead = 16 // terms for which a tile asks for as many lines ahead; blocks of K are multiples of it

	mostKept = 8 << 20 // most elements of packed A that workers keep for their strips, all together
)

// Elements of packing space: the rows of A that an item packs stay in the second cache beside
// a panel of B and a block of C, and the part of B that all items share stays in the third, 4 MiB of it.
var (
	ownSize    = cpu.CacheSizes().L2 / 16
	sharedSize = 1 << 20
)

// productDepth returns the terms of a block of K. Blocks are as equal as multiples of stepsAhead can
// be, and depend on nothing but k.
func productDepth(k int) int {
	if k <= oneBlock {
		return max(1, k)
	}
	return roundUp(ceilDiv(k, ceilDiv(k, maxDepth)), stepsAhead)
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// productPlan says how a product is cut into items. A wide product packs a part of B for all, and its
// items are blocks of rows and columns that may pack their rows of A. In strips, a worker packs what it needs of B by itself:
// an item has some or all rows of a few panels of columns, and the parts are blocks of K. What a worker packs of A there it keeps for
// its other strips of the block. An item of a skinny product is a block of columns over all rows.
type productPlan struct {
	skinny       bool
	strips       bool
	packA        bool
	shareLast    bool // the last two tiles of a strip share their rows, since the last would have too few
	spanN, spanK int  // of op(B), the part that is worked on at one time
	workers      int
	shared, own  int           // elements of packing space, for all and for each worker
	kept         int           // panels of A that a worker may keep
	full, last   []productItem // of a part with spanN columns, and of the one with the last columns
}

// productItem is a block of C: rows [m0, m1) and columns [n0, n1), which count from the
// part's first.
type productItem struct{ m0, m1, n0, n1 int }

// stripPanels returns the most panels of a strip. Of the narrower ones of tiles of few rows it is as many as leave half of the second cache free: the more, the less often
// A is read.
func (p *Product[T]) stripPanels() int {
	if p.kernel.rows >= fewRows {
		return 4
	}
	var element T
	return fewRowsPanels(p.depth*p.kernel.cols*int(unsafe.Sizeof(element)), cpu.CacheSizes().L2)
}

// fewRowsPanels is stripPanels for tiles of few rows, whose panels of B have so many bytes.
func fewRowsPanels(panel, cache int) int {
	const least, most = 2, 8
	return min(max(least, cache/2/panel), most)
}

// newPlan cuts the product for a number of workers.
func (p *Product[T]) newPlan(workers int) productPlan {
	if p.M == 0 || p.N == 0 {
		return productPlan{workers: workers}
	}
	k := p.kernel
	panelsN := ceilDiv(p.N, k.cols)
	if p.M <= skinnyRows {
		cols := max(1, min(8, panelsN/(4*workers))) * k.cols
		r := productPlan{skinny: true, spanN: p.N, spanK: max(1, p.K), workers: workers, own: p.depth * k.cols}
		for n := 0; n < p.N; n += cols {
			r.last = append(r.last, productItem{0, p.M, n, min(n+cols, p.N)})
		}
		return r
	}
	if strips, ok := p.strips(workers); ok {
		return strips
	}
	r := productPlan{workers: workers}
	r.spanN = min(panelsN, max(1024, sharedSize/max(1, p.K))/k.cols) * k.cols
	r.spanK = max(1, sharedSize/max(1, r.spanN)/p.depth) * p.depth
	r.shared = min(r.spanK, max(1, p.K)) * r.spanN
	rowPanels := max(2, ownSize/k.panelSize(p.depth))
	if r.packA = p.packsA(); r.packA {
		r.own = rowPanels * k.panelSize(p.depth)
	}
	r.full = p.cut(r.spanN, rowPanels, workers)
	r.last = p.cut((p.N-1)%r.spanN+1, rowPanels, workers)
	return r
}

// packsA reports whether rows of A are slow to read where they lie: at a distance of whole pages
// the rows of a tile compete for a few lines of the caches, and a tile of few rows uses too little
// of the lines of a transposed A.
func (p *Product[T]) packsA() bool {
	const page = 1024
	return p.LDA%page == 0 || p.TransA && p.kernel.rows < fewRows
}

// strips returns the plan whose items are rows of strips of columns, where that is good: what a worker
// packs of B is used by many rows of A, stays in its second cache, and workers wait for others at the end of a block of K only.
func (p *Product[T]) strips(workers int) (productPlan, bool) {
	const (
		mostRows   = 1024 // where a tile has few of them
		leastRows  = 4    // panels by worker, where rows are shared out
		leastTurns = 8    // panels by worker, where B is transposed and packing takes time of its own
		turnedRows = 4    // rows by column, above which it doesn't count that each worker packs such a B
	)
	k := p.kernel
	panelsM, panelsN := ceilDiv(p.M, k.rows), ceilDiv(p.N, k.cols)
	packA := p.packsA()
	byRows := packA || p.M > choose(p.TransB, turnedRows*p.N, p.N)
	kept := workers * panelsM * k.panelSize(p.depth)
	switch {
	case p.K == 0, packA && (p.TransA && k.rows >= fewRows || kept > mostKept), !packA && k.rows < fewRows && p.M > mostRows:
		return productPlan{}, false
	case byRows && panelsM < leastRows*workers, !byRows && panelsN < workers:
		return productPlan{}, false
	case p.TransB && !byRows && panelsN < leastTurns*workers:
		return productPlan{}, false
	}
	rest := p.M % k.rows
	r := productPlan{strips: true, packA: packA, spanN: p.N, spanK: p.depth, workers: workers, own: p.stripPanels() * k.cols * p.depth}
	r.shareLast = !packA && rest > 0 && rest <= k.rows/lastPart
	if packA {
		r.kept, r.shared = panelsM, kept
	}
	for w := range workers {
		if byRows {
			p.cutStrips(&r, panelsM*w/workers, panelsM*(w+1)/workers, 0, panelsN)
		} else {
			p.cutStrips(&r, 0, panelsM, panelsN*w/workers, panelsN*(w+1)/workers)
		}
	}
	return r, true
}

// cutStrips appends the items of a worker to r: those of panels [m0, m1) of rows and [n0, n1) of columns, strip by
// strip. Each takes a part of what is left, down to a few tiles of one row of them.
func (p *Product[T]) cutStrips(r *productPlan, m0, m1, n0, n1 int) {
	rows, cols := p.kernel.rows, p.kernel.cols
	for n := n0; n < n1; {
		wide := ceilDiv(n1-n, ceilDiv(n1-n, p.stripPanels()))
		for m := m0; m < m1; {
			left := (m1-m)*wide + (m1-m0)*(n1-n-wide)
			tiles := max(p.leastTiles(), left/leftShare)
			down := min(max(1, tiles/wide), m1-m)
			pieces := min(max(1, down*wide/tiles), wide)
			if r.shareLast && m+down == m1-1 && m1*rows > p.M {
				down++
			}
			for i := range pieces {
				r.last = append(r.last, productItem{m * rows, min((m+down)*rows, p.M), (n + wide*i/pieces) * cols, min((n+wide*(i+1)/pieces)*cols, p.N)})
			}
			m += down
		}
		n += wide
	}
}

// leftShare is the part of what is left to a worker that an item takes: the third.
const leftShare = 3

// leastTiles returns the fewest tiles of an item, a microsecond or two of work for each worker that may wait for the others' last.
func (p *Product[T]) leastTiles() int { return max(2, leastTerms/max(1, p.K)) }

// cut cuts all rows and the given number of columns into items of at most rowPanels panels of
// rows, those of one worker after those of another. Each takes a part of what is left to its worker, down
// to a few tiles, so that workers end together.
func (p *Product[T]) cut(width, rowPanels, workers int) []productItem {
	const leastRows = 4 // panels that use a panel of B while it is near
	rows, cols := p.kernel.rows, p.kernel.cols
	panelsM, panelsN := ceilDiv(p.M, rows), ceilDiv(width, cols)
	var items []productItem
	for w := range workers {
		for m, end := panelsM*w/workers, panelsM*(w+1)/workers; m < end; {
			tiles := max(p.leastTiles(), (end-m)*panelsN/leftShare)
			down := min(max(leastRows, tiles/panelsN), rowPanels, end-m)
			pieces := min(max(1, down*panelsN/tiles), panelsN)
			for i := range pieces {
				items = append(items, productItem{
					m * rows, min((m+down)*rows, p.M),
					panelsN * i / pieces * cols, min(panelsN*(i+1)/pieces*cols, width),
				})
			}
			m += down
		}
	}
	return items
}

// items returns the items of a part.
func (r *productPlan) items(q productPart) []productItem {
	if q.n1-q.n0 == r.spanN && len(r.full) > 0 {
		return r.full
	}
	return r.last
}

// after returns the item of a part that the worker of item i is likely to do next, if there is one.
func (r *productPlan) after(q productPart, i int) (productItem, bool) {
	items := r.items(q)
	if i++; i >= len(items) {
		return productItem{}, false
	}
	return items[i], true
}

// productPart is the part of op(B) that is worked on: columns [n0, n1) and
// rows [k0, k1).
type productPart struct{ n0, n1, k0, k1 int }

// blocks returns the number of blocks of K, at least one.
func (q productPart) blocks(depth int) int { return max(1, ceilDiv(q.k1-q.k0, depth)) }

// packGroup returns how many panels of the part of B an item packs: few enough for all workers to have some.
func (p *Product[T]) packGroup(q productPart) int {
	panels := ceilDiv(q.n1-q.n0, p.kernel.cols) * q.blocks(p.depth)
	return min(mostPacked, max(1, panels/(2*p.plan.workers)))
}

// packItems returns how many items pack the part of B.
func (p *Product[T]) packItems() int {
	if p.plan.skinny || p.plan.strips {
		return 0
	}
	q := p.run.part
	return q.blocks(p.depth) * ceilDiv(q.n1-q.n0, p.packGroup(q)*p.kernel.cols)
}

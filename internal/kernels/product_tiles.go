package kernels

// packB packs share i of the part of B: panels of the kernel's width, each [depth, cols].
// The panels of a block of K lie side by side, the blocks one after the other.
func (p *Product[T]) packB(worker, i int) {
	q, width := p.run.part, p.kernel.cols
	size := p.packGroup(q) * width
	groups := ceilDiv(q.n1-q.n0, size)
	block, group := i/groups, i%groups
	k := q.k0 + block*p.depth
	depth := min(p.depth, q.k1-k)
	panels := ceilDiv(q.n1-q.n0, width)
	n := q.n0 + group*size
	dst := p.run.space.shared[block*p.depth*panels*width+group*size*depth:]
	p.packPanelsB(worker, dst, k, n, depth, min(size, q.n1-n))
}

// packPanelsB packs rows [k, k+depth) and columns [n, n+width) of op(B).
func (p *Product[T]) packPanelsB(worker int, dst []T, k, n, depth, width int) {
	cols := p.kernel.cols
	switch {
	case depth == 0:
	case p.run.packed.Data != nil:
		p.packPanelsPacked(worker, dst, k, n, depth, width)
	case p.TransB:
		for j := 0; j < width; j += cols {
			p.kernel.turn(dst[j*depth:], p.run.b[(n+j)*p.LDB+k:], depth, min(cols, width-j), cols, p.LDB)
		}
	default:
		p.kernel.copy(dst, p.run.b[k*p.LDB+n:], depth, width, cols, cols, cols*depth, p.LDB)
	}
}

// packPanelsA packs rows [m, m+height) and columns [k, k+depth) of op(A) into panels that have the
// columns one after the other.
func (p *Product[T]) packPanelsA(dst []T, m, k, depth, height int) {
	rows, lanes := p.kernel.rows, p.kernel.lanes
	switch {
	case depth == 0:
	case p.TransA:
		p.kernel.copy(dst, p.run.a[k*p.LDA+m:], depth, height, rows, lanes, p.kernel.panelSize(depth), p.LDA)
	default:
		for i := 0; i < height; i += rows {
			p.kernel.turn(dst[i/rows*p.kernel.panelSize(depth):], p.run.a[(m+i)*p.LDA+k:], depth, min(rows, height-i), lanes, p.LDA)
		}
	}
}

// tiles computes block i of C from the part of B.
func (p *Product[T]) tiles(worker, i int) {
	q, plan := p.run.part, &p.plan
	item := plan.items(q)[i]
	m0, m1, n0, n1 := item.m0, item.m1, q.n0+item.n0, q.n0+item.n1
	for block := range q.blocks(p.depth) {
		k := q.k0 + block*p.depth
		depth := min(p.depth, q.k1-k)
		if n0 == 0 {
			p.sumA(m0, m1, k, depth)
		}
		if m0 == 0 {
			p.sumB(n0, n1, k, depth)
		}
		if plan.skinny {
			p.skinnyTiles(worker, n0, n1, k, depth)
			continue
		}
		whole := n1
		if thin := p.thinColumns(n0, n1, depth); thin > 0 {
			whole -= thin
			p.thinTiles(worker, m0, m1, whole, n1, k, depth)
		}
		if plan.strips {
			p.stripTiles(worker, i, m0, m1, n0, whole, k, depth)
		} else {
			p.wideTiles(p.run.space.own[worker], i, block, m0, m1, n0, whole, k, depth)
		}
	}
	settle(p.run.streams)
	if q.k1 == p.K {
		p.finish(m0, m1, n0, n1)
	}
}

// aheadA returns what a tile asks the second cache for while it computes, so that the panel of A that begins at row
// m and column k, where it lies, is near when it is needed: next, nextRow and nextStep of productKernel.tile. It returns
// nil if there is no such panel.
func (p *Product[T]) aheadA(m, k int) (next []T, row, step int) {
	switch {
	case m >= p.M || k >= p.K:
		return nil, 0, 0
	case p.TransA:
		// The first elements lie in lines that the panel before it has read.
		return p.run.a[k*p.LDA+min(m+p.kernel.rows, p.M)-1:], p.LDA, lineElements * p.LDA
	}
	return p.run.a[m*p.LDA+k:], p.LDA, lineElements
}

// stripTiles multiplies rows [m0, m1) of a block of A by columns [n0, n1) of a block of B, which the worker
// packs unless it has just done so: as it multiplies the first rows, where B isn't transposed. Rows of A are read where they lie,
// unless that would be slow: then each worker packs those that it needs once for all strips. Item i is that of the tiles.
func (p *Product[T]) stripTiles(worker, i, m0, m1, n0, n1, k, depth int) {
	t, own, held := p.kernel, p.run.space.own[worker], &p.run.space.held[worker]
	packs := !held.has(productItem{n0: n0, n1: n1})
	if packs {
		*held = columns{n0, n1}
	}
	own = own[(n0-held.n0)*depth:]
	packed := p.run.packed.Data != nil
	if packs && (p.TransB || packed) {
		p.packPanelsB(worker, own, k, n0, depth, n1-n0)
		packs = false
	}
	row, step := p.stridesA()
	if p.plan.packA {
		row, step = 1, t.lanes
	}
	next, nextK := p.nextStrip(worker, i, k, depth)
	fetched := next.n0
	if nextK == k && held.has(productItem{n0: next.n0, n1: next.n1 - p.thinColumns(next.n0, next.n1, depth)}) {
		fetched = next.n1 // the strip is there
	}
	laterTile := choose(p.TransB, lineElements*p.LDB, lineElements)
	var rows int
	for m := m0; m < m1; m += rows {
		rows = p.stripRows(m, m1)
		var a, ahead, later []T
		var aheadRow, aheadStep, laterRow, laterStep int
		if p.plan.packA {
			a = p.keptA(worker, m, m1, k, depth)
		} else {
			a = p.run.a[m*row+k*step:]
		}
		switch {
		case m+rows < m1:
			ahead, aheadRow, aheadStep = p.aheadKept(worker, m+rows, k, depth)
		case nextK == k:
			ahead, aheadRow, aheadStep = p.aheadKept(worker, next.m0, k, depth)
		default:
			ahead, aheadRow, aheadStep = p.aheadA(next.m0, nextK)
		}
		if fetched < next.n1 && !packed {
			later, laterRow, laterStep = p.aheadB(fetched, nextK)
			fetched += lineElements * (ceilDiv(n1-n0, t.cols) - 1)
		}
		packing, n := packs && m == m0, n0
		if count := (n1 - n0) / t.cols; !packing && rows == t.rows && count > 0 {
			t.tileRun(count, depth, a, row, step, 0, own, t.cols, t.cols*depth, p.run.c[m*p.LDC+n:], p.LDC, t.cols, p.bias(n, k, depth), t.cols, p.write(k), p.addend(m, n, k, depth), ahead, aheadRow, aheadStep, later, laterRow, laterStep, laterTile)
			n += count * t.cols
			ahead, later = nil, nil
		}
		for ; n < n1; n += t.cols {
			b, cols := own[(n-n0)*depth:], min(t.cols, n1-n)
			if packing {
				p.packingTile(worker, m, n, rows, cols, k, depth, a, row, step, b, ahead, aheadRow, aheadStep)
			} else {
				p.tile(m, n, rows, cols, k, depth, a, row, step, b, t.cols, ahead, aheadRow, aheadStep)
			}
			ahead, aheadRow, aheadStep = later, laterRow, laterStep
			later = later[min(laterTile, len(later)):]
		}
	}
}

// stripRows returns the rows of the tiles of a strip that begin at row m, where those of the item end at m1.
func (p *Product[T]) stripRows(m, m1 int) int {
	most, left := p.kernel.rows, m1-m
	if p.plan.shareLast && left > most && left <= most+most/lastPart {
		return ceilDiv(left, 2)
	}
	return min(most, left)
}

// packingTile computes a tile and packs its columns of B, which isn't transposed, into b.
func (p *Product[T]) packingTile(worker, m, n, rows, cols, k, depth int, a []T, row, step int, b, next []T, nextRow, nextStep int) {
	t := p.kernel
	if rows == t.rows && cols == t.cols {
		t.tilePacking(b, depth, a, row, step, p.run.b[k*p.LDB+n:], p.LDB, p.run.c[m*p.LDC+n:], p.LDC, p.bias(n, k, depth), p.accumulates(k), p.addend(m, n, k, depth), next, nextRow, nextStep)
		return
	}
	p.packPanelsB(worker, b, k, n, depth, cols)
	p.tile(m, n, rows, cols, k, depth, a, row, step, b, t.cols, next, nextRow, nextStep)
}

// nextStrip returns the item that a worker is likely to do after item i, and the first of its terms: the worker's first one of the next
// block of K after its last. There is none where the item has no columns.
func (p *Product[T]) nextStrip(worker, i, k, depth int) (next productItem, nextK int) {
	items, workers := p.plan.last, p.plan.workers
	switch {
	case i+1 != len(items)*(worker+1)/workers:
		if i+1 < len(items) {
			return items[i+1], k
		}
	case k+depth < p.K:
		return items[len(items)*worker/workers], k + depth
	}
	return productItem{m0: p.M}, k
}

// keptA returns the panel of A that begins with row m, which the worker packs unless it has done so: of a transposed A together with those
// up to row m1 that use the same lines of the caches.
func (p *Product[T]) keptA(worker, m, m1, k, depth int) []T {
	const together = 8
	panel, a := p.kept(worker, m, depth)
	kept := p.run.space.kept[worker]
	if kept[panel] {
		return a
	}
	panels := choose(p.TransA, min(together, ceilDiv(m1-m, p.kernel.rows)), 1)
	p.packPanelsA(a, m, k, depth, min(panels*p.kernel.rows, p.M-m))
	for i := range panels {
		kept[panel+i] = true
	}
	return a
}

// kept returns the number of the panel of A that begins with row m, and where a worker keeps it.
func (p *Product[T]) kept(worker, m, depth int) (panel int, a []T) {
	panel = m / p.kernel.rows
	return panel, p.run.space.shared[(worker*p.plan.kept+panel)*p.kernel.panelSize(depth):]
}

// aheadKept is aheadA for the strips of a worker, who may keep the panel.
func (p *Product[T]) aheadKept(worker, m, k, depth int) (next []T, row, step int) {
	if !p.plan.packA || m >= p.M {
		return p.aheadA(m, k)
	}
	panel, a := p.kept(worker, m, depth)
	if !p.run.space.kept[worker][panel] {
		return p.aheadA(m, k)
	}
	return a, lineElements, lineElements * p.kernel.lanes
}

// aheadB is aheadA for sixteen columns of B from column n and row k on, where they lie.
func (p *Product[T]) aheadB(n, k int) (next []T, row, step int) {
	if p.TransB {
		return p.run.b[n*p.LDB+k:], p.LDB, lineElements
	}
	return p.run.b[k*p.LDB+n:], p.LDB, lineElements * p.LDB
}

// stridesA returns the elements from one row of op(A), and from one column, to the next.
func (p *Product[T]) stridesA() (row, step int) {
	if p.TransA {
		return 1, p.LDA
	}
	return p.LDA, 1
}

// skinnyTiles multiplies all rows of a block of A, where they lie, by columns [n0, n1) of a
// block of B.
func (p *Product[T]) skinnyTiles(worker, n0, n1, k, depth int) {
	t, own, packed := p.kernel, p.run.space.own[worker], p.run.packed.Data != nil
	row, step := p.stridesA()
	c, accumulate := p.run.c, p.accumulates(k)
	n := n0
	switch {
	case depth == 0:
	case packed && p.TransB && step == 1:
		if n = p.rowBlocks(row, n0, n1, k, depth, accumulate); p.M <= t.turnedRows {
			p.slimPacked(worker, row, n, n1, k, depth, accumulate)
			n = n1
		}
	case packed:
	case p.TransB && p.M <= t.turnedRows && step == 1:
		if wide := t.wideCols / p.M; wide > 0 && p.M <= 2 && depth%lineElements == 0 {
			for ; n1-n >= wide; n += wide {
				t.slimWide(p.M, depth, p.run.a[k:], row, p.run.b[n*p.LDB+k:], p.LDB, c[n:], p.LDC, p.bias(n, k, depth), accumulate)
			}
		}
		for ; n < n1; n += t.turnedCols {
			t.slimTurned(p.M, min(t.turnedCols, n1-n), depth, p.run.a[k:], row, p.run.b[n*p.LDB+k:], p.LDB, c[n:], p.LDC, p.bias(n, k, depth), accumulate)
		}
	case !p.TransB && p.M <= t.slimRows:
		for ; n1-n >= t.slimCols; n += t.slimCols {
			t.slim(p.M, depth, p.run.a[k*step:], row, step, p.run.b[k*p.LDB+n:], p.LDB, c[n:], p.LDC, p.bias(n, k, depth), accumulate)
		}
	}
	addRows(c[n0:], p.addend(0, n0, k, depth), p.M, min(n, n1)-n0, p.LDC)
	for ; n < n1; n += t.cols {
		width := min(t.cols, n1-n)
		b, bStep := own, t.cols
		if !p.TransB && width == t.cols && depth > 0 && !packed {
			b, bStep = p.run.b[k*p.LDB+n:], p.LDB
		} else {
			p.packPanelsB(worker, own, k, n, depth, width)
		}
		for m := 0; m < p.M; m += t.rows {
			var a []T
			if depth > 0 {
				a = p.run.a[m*row+k*step:]
			}
			p.tile(m, n, min(t.rows, p.M-m), width, k, depth, a, row, step, b, bStep, nil, 0, 0)
		}
	}
}

// sumA sums rows [m0, m1) of a block of op(A), if that is asked for.
func (p *Product[T]) sumA(m0, m1, k, depth int) {
	if e := &p.run.e; e.SumA != nil {
		ColumnSum(e.SumA, p.run.a[k*p.LDA:], depth, p.LDA, m0, m1, e.AccumulateSums || k > 0)
	}
}

// sumB sums columns [n0, n1) of a block of op(B), if that is asked for. The rows of the block are near for
// the tiles then.
func (p *Product[T]) sumB(n0, n1, k, depth int) {
	if e := &p.run.e; e.SumB != nil {
		ColumnSum(e.SumB, p.run.b[k*p.LDB:], depth, p.LDB, n0, n1, e.AccumulateSums || k > 0)
	}
}

// bias returns the bias from column n on, where the terms [k, k+depth) are the last.
func (p *Product[T]) bias(n, k, depth int) []T {
	if p.run.e.Bias == nil || k+depth < p.K {
		return nil
	}
	return p.run.e.Bias[n:]
}

// addend returns what is added to C from row m and column n on, where the terms [k, k+depth) are the last.
func (p *Product[T]) addend(m, n, k, depth int) []T {
	if p.run.e.Add == nil || k+depth < p.K {
		return nil
	}
	return p.run.e.Add[m*p.LDC+n:]
}

// accumulates says whether the terms from k on are added to what C holds.
func (p *Product[T]) accumulates(k int) bool { return p.run.e.Accumulate || k > 0 }

// write says what tiles do to C with the terms from k on.
func (p *Product[T]) write(k int) int {
	switch {
	case p.run.streams:
		return writeStreaming
	case p.accumulates(k):
		return writeAdding
	}
	return writeOver
}

// tile computes one tile of C, or adds to it the terms that begin at k.
func (p *Product[T]) tile(m, n, rows, cols, k, depth int, a []T, aRow, aStep int, b []T, bStep int, next []T, nextRow, nextStep int) {
	t, c, bias, add := p.kernel, p.run.c[m*p.LDC+n:], p.bias(n, k, depth), p.addend(m, n, k, depth)
	if rows == t.rows && cols == t.cols {
		t.tileRun(1, depth, a, aRow, aStep, 0, b, bStep, 0, c, p.LDC, 0, bias, 0, p.write(k), add, next, nextRow, nextStep, nil, 0, 0, 0)
		return
	}
	t.tile(rows, cols, depth, a, aRow, aStep, b, bStep, c, p.LDC, bias, p.accumulates(k), next, nextRow, nextStep)
	addRows(c, add, rows, cols, p.LDC)
}

// finish applies what the tiles leave to do to rows [m0, m1) and columns [n0, n1) of C.
func (p *Product[T]) finish(m0, m1, n0, n1 int) {
	e := &p.run.e
	if e.Pre == nil && e.Activation == Identity {
		return
	}
	for m := m0; m < m1; m++ {
		row := p.run.c[m*p.LDC+n0 : m*p.LDC+n1]
		if e.Pre != nil {
			copy(e.Pre[m*p.LDC+n0:m*p.LDC+n1], row)
		}
		if e.Activation != Identity {
			Activate(e.Activation, row, row, false)
		}
	}
}

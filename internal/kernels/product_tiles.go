package kernels

// packB packs share i of the part of B: panels of the kernel's width, each [depth, cols].
// The panels of a block of K lie side by side, the blocks one after the other.
func (p *Product[T]) packB(i int) {
	q, width := p.run.part, p.kernel.cols
	groups := ceilDiv(q.n1-q.n0, packGroup*width)
	block, group := i/groups, i%groups
	k := q.k0 + block*p.depth
	depth := min(p.depth, q.k1-k)
	panels := ceilDiv(q.n1-q.n0, width)
	n := q.n0 + group*packGroup*width
	dst := p.run.space.shared[block*p.depth*panels*width+group*packGroup*width*depth:]
	p.packPanelsB(dst, k, n, depth, min(packGroup*width, q.n1-n))
}

// packPanelsB packs rows [k, k+depth) and columns [n, n+width) of op(B).
func (p *Product[T]) packPanelsB(dst []T, k, n, depth, width int) {
	cols := p.kernel.cols
	switch {
	case depth == 0:
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
		p.kernel.copy(dst, p.run.a[k*p.LDA+m:], depth, height, rows, lanes, lanes*depth, p.LDA)
	default:
		for i := 0; i < height; i += rows {
			p.kernel.turn(dst[i/rows*lanes*depth:], p.run.a[(m+i)*p.LDA+k:], depth, min(rows, height-i), lanes, p.LDA)
		}
	}
}

// tiles computes block i of C from the part of B.
func (p *Product[T]) tiles(worker, i int) {
	q, plan := p.run.part, p.run.plan
	across := ceilDiv(q.n1-q.n0, plan.cols)
	m0, n0 := i/across*plan.rows, q.n0+i%across*plan.cols
	m1, n1 := min(m0+plan.rows, p.M), min(n0+plan.cols, q.n1)
	for block := range q.blocks(p.depth) {
		k := q.k0 + block*p.depth
		depth := min(p.depth, q.k1-k)
		if plan.skinny {
			p.skinnyTiles(p.run.space.own[worker], n0, n1, k, depth)
		} else {
			p.wideTiles(p.run.space.own[worker], block, m0, m1, n0, n1, k, depth)
		}
	}
	if q.k1 == p.K {
		p.finish(m0, m1, n0, n1)
	}
}

// wideTiles multiplies rows [m0, m1) of a block of A by columns [n0, n1) of the packed
// block of B. Rows of A are read where they lie, unless that would be slow.
func (p *Product[T]) wideTiles(own []T, block, m0, m1, n0, n1, k, depth int) {
	q, t := p.run.part, p.kernel
	row, step := p.stridesA()
	panel := t.lanes * depth
	if p.run.plan.packA {
		p.packPanelsA(own, m0, k, depth, m1-m0)
		row, step = 1, t.lanes
	}
	panels := ceilDiv(q.n1-q.n0, t.cols)
	shared := p.run.space.shared[block*p.depth*panels*t.cols:]
	for n := n0; n < n1; n += t.cols {
		b := shared[(n-q.n0)*depth:]
		for m := m0; m < m1; m += t.rows {
			var a []T
			switch {
			case p.run.plan.packA:
				a = own[(m-m0)/t.rows*panel:]
			case depth > 0:
				a = p.run.a[m*row+k*step:]
			}
			p.tile(m, n, min(t.rows, m1-m), min(t.cols, n1-n), k, depth, a, row, step, b, t.cols)
		}
	}
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
func (p *Product[T]) skinnyTiles(own []T, n0, n1, k, depth int) {
	t := p.kernel
	row, step := p.stridesA()
	c, accumulate := p.run.c, p.accumulates(k)
	n := n0
	switch {
	case depth == 0:
	case p.TransB && p.M <= t.turnedRows && step == 1:
		for ; n < n1; n += t.turnedCols {
			t.slimTurned(p.M, min(t.turnedCols, n1-n), depth, p.run.a[k:], row, p.run.b[n*p.LDB+k:], p.LDB, c[n:], p.LDC, p.bias(n, k, depth), accumulate)
		}
	case !p.TransB && p.M <= t.slimRows:
		for ; n1-n >= t.slimCols; n += t.slimCols {
			t.slim(p.M, depth, p.run.a[k*step:], row, step, p.run.b[k*p.LDB+n:], p.LDB, c[n:], p.LDC, p.bias(n, k, depth), accumulate)
		}
	}
	for ; n < n1; n += t.cols {
		width := min(t.cols, n1-n)
		b, bStep := own, t.cols
		if !p.TransB && width == t.cols && depth > 0 {
			b, bStep = p.run.b[k*p.LDB+n:], p.LDB
		} else {
			p.packPanelsB(own, k, n, depth, width)
		}
		for m := 0; m < p.M; m += t.rows {
			var a []T
			if depth > 0 {
				a = p.run.a[m*row+k*step:]
			}
			p.tile(m, n, min(t.rows, p.M-m), width, k, depth, a, row, step, b, bStep)
		}
	}
}

// bias returns the bias from column n on, where the terms [k, k+depth) are the last.
func (p *Product[T]) bias(n, k, depth int) []T {
	if p.run.e.Bias == nil || k+depth < p.K {
		return nil
	}
	return p.run.e.Bias[n:]
}

// accumulates says whether the terms from k on are added to what C holds.
func (p *Product[T]) accumulates(k int) bool { return p.run.e.Accumulate || k > 0 }

// tile computes one tile of C, or adds to it the terms that begin at k.
func (p *Product[T]) tile(m, n, rows, cols, k, depth int, a []T, aRow, aStep int, b []T, bStep int) {
	p.kernel.tile(rows, cols, depth, a, aRow, aStep, b, bStep, p.run.c[m*p.LDC+n:], p.LDC, p.bias(n, k, depth), p.accumulates(k))
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
			Activate(e.Activation, row, row)
		}
	}
}

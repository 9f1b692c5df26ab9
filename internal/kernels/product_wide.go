package kernels

// wideTiles multiplies rows [m0, m1) of a block of A by columns [n0, n1) of the packed
// block of B, for item i. Rows of A are read where they lie, unless that would be slow.
func (p *Product[T]) wideTiles(own []T, i, block, m0, m1, n0, n1, k, depth int) {
	q, t := p.run.part, p.kernel
	row, step := p.stridesA()
	panel := t.panelSize(depth)
	if p.plan.packA {
		p.packPanelsA(own, m0, k, depth, m1-m0)
		row, step = 1, t.lanes
	}
	panels := ceilDiv(q.n1-q.n0, t.cols)
	shared := p.run.space.shared[block*p.depth*panels*t.cols:]
	nextM, nextK := m0, k+depth // the block of A that the worker reads after this one
	if nextK >= q.k1 {
		nextM, nextK = p.M, q.k0
		if next, ok := p.plan.after(q, i); ok {
			nextM = next.m0
		}
	}
	for n := n0; n < n1; n += t.cols {
		b, m := shared[(n-q.n0)*depth:], m0
		if count := (m1 - m0) / t.rows; count > 0 && depth > 0 && n1-n >= t.cols {
			a, aTile := own, panel
			if !p.plan.packA {
				a, aTile = p.run.a[m*row+k*step:], t.rows*row
			}
			fromM, fromK := m0+t.rows, k // what the second panel of A has, or where they are packed, the first of the next item
			if p.plan.packA {
				fromM, fromK = nextM, nextK
			}
			p.wideRun(count, m, n, k, depth, a, row, step, aTile, b, n == n0, fromM, fromK)
			m += count * t.rows
		}
		for ; m < m1; m += t.rows {
			var a []T
			var next []T
			var nextRow, nextStep int
			switch {
			case p.plan.packA:
				a = own[(m-m0)/t.rows*panel:]
				if n == n0 {
					next, nextRow, nextStep = p.aheadA(nextM+m-m0, nextK)
				}
			case depth > 0:
				a = p.run.a[m*row+k*step:]
				if n == n0 && m+t.rows < m1 {
					next, nextRow, nextStep = p.aheadA(m+t.rows, k)
				} else if n == n0 {
					next, nextRow, nextStep = p.aheadA(nextM, nextK)
				}
			}
			p.tile(m, n, min(t.rows, m1-m), min(t.cols, n1-n), k, depth, a, row, step, b, t.cols, next, nextRow, nextStep)
		}
	}
}

// wideRun computes count full tiles below each other, which share a panel of B. If they ask, each asks for a panel of A where it lies, the first for the one
// that begins at row fromM and column fromK.
func (p *Product[T]) wideRun(count, m, n, k, depth int, a []T, row, step, aTile int, b []T, asks bool, fromM, fromK int) {
	t := p.kernel
	var next, later []T
	var nextRow, nextStep int
	if asks {
		next, nextRow, nextStep = p.aheadA(fromM, fromK)
		later, _, _ = p.aheadA(fromM+t.rows, fromK)
	}
	rowA, _ := p.stridesA()
	t.tileRun(count, depth, a, row, step, aTile, b, t.cols, 0, p.run.c[m*p.LDC+n:], p.LDC, t.rows*p.LDC, p.bias(n, k, depth), 0, p.write(k), p.addend(m, n, k, depth),
		next, nextRow, nextStep, later, nextRow, nextStep, t.rows*rowA)
}

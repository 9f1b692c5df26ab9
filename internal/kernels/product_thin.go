package kernels

const (
	thinMost = 2  // columns
	thinSums = 64 // sums of them that a worker has at one time, at most
)

// thinColumns returns how many of the last columns in [n0, n1) are too few for a tile, which would cost as much with them as with all of its columns, where
// they can be multiplied as slim rows by the rows of A: where both sides have the terms of a row side by side.
func (p *Product[T]) thinColumns(n0, n1, depth int) int {
	t := p.kernel
	rest := (n1 - n0) % t.cols
	if rest > thinMost || rest == n1-n0 || t.rows >= fewRows || t.slimWide == nil || !p.TransB || p.TransA || p.run.packed.Data != nil || depth == 0 || depth%lineElements != 0 {
		return 0
	}
	return rest
}

// thinTiles multiplies rows [m0, m1) of a block of A by columns [n0, n1) of a block of B, one or two.
func (p *Product[T]) thinTiles(worker, m0, m1, n0, n1, k, depth int) {
	t, width := p.kernel, n1-n0
	sums, b := p.run.space.thin[worker], p.run.b[n0*p.LDB+k:]
	bias, accumulate := p.bias(n0, k, depth), p.accumulates(k)
	for m := m0; m < m1; {
		rows, a := t.wideCols/width, p.run.a[m*p.LDA+k:]
		if rows <= m1-m {
			t.slimWide(width, depth, b, p.LDB, a, p.LDA, sums, rows, nil, false)
		} else {
			rows = min(t.turnedCols, m1-m)
			t.slimTurned(width, rows, depth, b, p.LDB, a, p.LDA, sums, rows, nil, false)
		}
		for i := range rows {
			c := p.run.c[(m+i)*p.LDC+n0:][:width]
			for j := range c {
				v := sums[j*rows+i]
				if bias != nil {
					v += bias[j]
				}
				if accumulate {
					v += c[j]
				}
				c[j] = v
			}
		}
		addRows(p.run.c[m*p.LDC+n0:], p.addend(m, n0, k, depth), rows, width, p.LDC)
		m += rows
	}
}

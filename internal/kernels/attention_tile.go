package kernels

// Blocks of attention are padded to multiples of these, the columns of tiles.
const (
	tileHeight = 8
	tileWidth  = 16
)

// strides say where a tileProduct finds the element in row i and column k of
// its left side: at i·row + k·column.
type strides struct{ row, column int }

// tileProduct computes C = A·B, or C += A·B where accumulate is set, for C [m, n]
// with rows ldc apart, B [depth, n] with rows ldb apart, and A [m, depth] laid out by
// strides. n is a multiple of tileWidth. Meanwhile it asks for rows ahead.
func (a *Attention[T]) tileProduct(c, x, y []T, m, n, depth int, s strides, ldb, ldc int, accumulate bool, ahead *rowsAhead[T]) {
	if depth == 0 && accumulate {
		return
	}
	t := a.kernel
	if t.rows < fewRows {
		a.tileRuns(c, x, y, m, n, depth, s, ldb, ldc, accumulate, ahead)
		return
	}
	parts := ceilDiv(m, t.rows)
	for j := 0; j < n; j += t.cols {
		i := 0
		for part := range parts {
			rows := (m - i) / (parts - part)
			next, nextRow, nextStep := ahead.take(depth, a.HeadSize)
			t.tile(rows, min(t.cols, n-j), depth, x[i*s.row:], s.row, s.column, y[j:], ldb, c[i*ldc+j:], ldc, nil, accumulate, next, nextRow, nextStep)
			i += rows
		}
	}
}

// tileRuns is tileProduct for tiles of few rows, which are many: those below each other are computed in one call, as long as what they ask for lies evenly apart.
func (a *Attention[T]) tileRuns(c, x, y []T, m, n, depth int, s strides, ldb, ldc int, accumulate bool, ahead *rowsAhead[T]) {
	t := a.kernel
	count, write := m/t.rows, choose(accumulate, writeAdding, writeOver)
	for j := 0; j < n; j += t.cols {
		next := ahead.taken(depth, a.HeadSize)
		for i := 0; i < count; {
			var later, then rowsTaken[T]
			apart, run := 0, 1
			for ; i+run < count; run++ {
				before := then
				then = ahead.taken(depth, a.HeadSize)
				switch {
				case run == 1:
					later = then
				case run == 2:
					apart = before.to(then)
				}
				if run > 1 && (then.row != later.row || then.step != later.step || before.to(then) != apart) {
					break
				}
			}
			t.tileRun(run, depth, x[i*t.rows*s.row:], s.row, s.column, t.rows*s.row, y[j:], ldb, 0, c[i*t.rows*ldc+j:], ldc, t.rows*ldc, nil, 0, write, nil,
				next.x, next.row, next.step, later.x, later.row, later.step, apart)
			i += run
			next = then
		}
		if i := count * t.rows; i < m {
			if count > 0 {
				next = ahead.taken(depth, a.HeadSize)
			}
			t.tile(m-i, t.cols, depth, x[i*s.row:], s.row, s.column, y[j:], ldb, c[i*ldc+j:], ldc, nil, accumulate, next.x, next.row, next.step)
		}
	}
}

// scoreProduct computes scores [rows, attentionLanes] = X·Y of a panel, for X [rows, HeadSize] and Y [HeadSize, attentionLanes], as far as its
// columns see the rows.
func (a *Attention[T]) scoreProduct(scores []T, x headRows[T], row int, y []T, seen *panelRows, ahead *rowsAhead[T]) {
	product := func(lane, lanes, from, to int) {
		a.tileProduct(scores[from*attentionLanes+lane:], x.x[(row+from)*x.ld:], y[lane:], to-from, lanes, a.HeadSize, strides{x.ld, 1}, attentionLanes, attentionLanes, false, ahead)
	}
	for lane := 0; lane < seen.lanes; lane += panelPart {
		first, second := seen.pair(lane)
		product(lane, panelPart, 0, first)
		if first < second {
			product(lane+maskedPart, maskedPart, first, second)
		}
	}
}

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

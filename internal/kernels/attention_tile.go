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

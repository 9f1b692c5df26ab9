package kernels

import "math"

// Blocks of attention are padded to whole tiles.
const (
	tileHeight = 8  // rows of a tile
	tileWidth  = 16 // its columns come in multiples of this
)

// strides say where a tileProduct finds the element in row i and column k of
// its left side: at i·row + k·column.
type strides struct{ row, column int }

// tileProduct computes C = A·B, or C += A·B where accumulate is set, for C [m, n]
// with rows ldc apart, B [depth, n] with rows ldb apart, and A [m, depth] laid out by
// strides. m is a multiple of tileHeight and n one of tileWidth.
func tileProduct[T Float](c, a, b []T, m, n, depth int, s strides, ldb, ldc int, accumulate bool) {
	tileProductGeneric(c, a, b, m, n, depth, s, ldb, ldc, accumulate)
}

func tileProductGeneric[T Float](c, a, b []T, m, n, depth int, s strides, ldb, ldc int, accumulate bool) {
	for i := range m {
		row := c[i*ldc:][:n]
		if !accumulate {
			clear(row)
		}
		for k := range depth {
			x := a[i*s.row+k*s.column]
			for j, y := range b[k*ldb:][:n] {
				row[j] += x * y
			}
		}
	}
}

// panelSoftmax goes on with the softmax of a panel: with the new scores
// [rows, lanes] in base 2, of which it makes p = 2^(score - m),
//
//	m' = max(m, scores),  decay = 2^(m - m'),  l = l·decay + Σ p
//
// for each column. m starts at lowestScore.
func panelSoftmax[T Float](scores, m, l, decay []T, rows int) {
	panelSoftmaxGeneric(scores, m, l, decay, rows)
}

// lowestScore is where maxima start: finite, so that its difference to -∞ is not
// NaN, and far below any score.
const lowestScore = -1e30

func panelSoftmaxGeneric[T Float](scores, m, l, decay []T, rows int) {
	for i := range attentionLanes {
		most := m[i]
		for r := range rows {
			most = max(most, scores[r*attentionLanes+i])
		}
		decay[i] = T(math.Exp2(float64(m[i] - most)))
		var sum T
		for r := range rows {
			at := r*attentionLanes + i
			p := T(math.Exp2(float64(scores[at] - most)))
			scores[at] = p
			sum += p
		}
		m[i] = most
		l[i] = l[i]*decay[i] + sum
	}
}

// panelGrad makes of scores [rows, lanes] in base 2 the probabilities
// p = 2^(score - lse), and of their gradients dp the scores' gradients p·(dp - dot).
func panelGrad[T Float](scores, dp, lse, dot []T, rows int) {
	panelGradGeneric(scores, dp, lse, dot, rows)
}

func panelGradGeneric[T Float](scores, dp, lse, dot []T, rows int) {
	for r := range rows {
		for i := range attentionLanes {
			at := r*attentionLanes + i
			p := T(math.Exp2(float64(scores[at] - lse[i])))
			scores[at] = p
			dp[at] = p * (dp[at] - dot[i])
		}
	}
}

// transposeScaled computes dst[c·ldd + r] = s·src[r·lds + c] for rows rows and cols columns.
func transposeScaled[T Float](dst, src []T, rows, cols, ldd, lds int, s T) {
	for r := range rows {
		for c, v := range src[r*lds:][:cols] {
			dst[c*ldd+r] = s * v
		}
	}
}

// copyRows copies rows of cols elements that are lds apart to rows that are ldd
// apart, and pads with zeros to ldd columns and padded rows.
func copyRows[T Float](dst, src []T, rows, padded, cols, ldd, lds int) {
	for r := range rows {
		out := dst[r*ldd : (r+1)*ldd]
		copy(out, src[r*lds:][:cols])
		clear(out[cols:])
	}
	clear(dst[rows*ldd : padded*ldd])
}

package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// panelKernel is an implementation of what attention does to panels: arrays of
// rows of attentionLanes columns, one for each query. None of them is called with 0 rows.
type panelKernel[T Float] struct {
	level cpu.Level

	// softmax goes on with the softmax of the columns of scores [rows, lanes], which are in
	// base 2 and become p = 2^(score - m'):
	//
	//	m' = max(m, scores),  decay = 2^(m - m'),  l = l·decay + Σ p
	//
	// for m, l and decay [lanes]. m starts at lowestScore.
	softmax func(scores, m, l, decay []T, rows int)

	// grad turns scores [rows, lanes] in base 2 into p = 2^(score - lse), and the gradients
	// dp of p into those of the scores, p·(dp - dot), for lse and dot [lanes].
	grad func(scores, dp, lse, dot []T, rows int)

	// hide sets the columns less than from+r and those from to+r on of each row r to -∞.
	hide func(scores []T, rows, from, to int)

	// scale multiplies row i of x [rows, cols] by s[i]. cols is a multiple of tileWidth.
	scale func(x, s []T, rows, cols int)

	// copy copies rows that lie ld apart to dst [rows, cols]. cols is a multiple of tileWidth.
	copy func(dst, src []T, rows, cols, ld int)
}

// lowestScore is where maxima start: finite, so that its difference to -∞ is not
// NaN, and far below any score.
const lowestScore = -1e30

// genericPanels returns the specification, which runs anywhere.
func genericPanels[T Float]() *panelKernel[T] {
	return &panelKernel[T]{
		level: cpu.Generic, softmax: panelSoftmaxGeneric[T], grad: panelGradGeneric[T],
		hide: panelHideGeneric[T], scale: scaleRowsGeneric[T], copy: copyRowsGeneric[T],
	}
}

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

func panelHideGeneric[T Float](scores []T, rows, from, to int) {
	for r := range rows {
		for i := range attentionLanes {
			if i < from+r || i >= to+r {
				scores[r*attentionLanes+i] = T(math.Inf(-1))
			}
		}
	}
}

func scaleRowsGeneric[T Float](x, s []T, rows, cols int) {
	for i := range rows {
		row := x[i*cols : (i+1)*cols]
		for c := range row {
			row[c] *= s[i]
		}
	}
}

func copyRowsGeneric[T Float](dst, src []T, rows, cols, ld int) {
	for i := range rows {
		copy(dst[i*cols:(i+1)*cols], src[i*ld:][:cols])
	}
}

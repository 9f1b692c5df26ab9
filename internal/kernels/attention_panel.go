package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// panelKernel is an implementation of what attention does to panels: arrays of
// rows of attentionLanes columns, one for each query. None is called with 0 rows.
type panelKernel[T Float] struct {
	level cpu.Level

	// softmax goes on with the softmax of the first lanes columns, a multiple of panelPart, of
	// scores, which are in base 2 and become p = 2^(score - m'):
	//
	//	m' = max(m, scores),  decay = 2^(m - m'),  l = l·decay + Σ p
	//
	// for m, l and decay [lanes]. m starts at lowestScore.
	softmax func(scores, m, l, decay []T, rows, lanes int)

	// finish computes what softmax leaves to do: lse = log 2·m + log l, -∞ where l is 0, and
	// inverse = 1/l, 0 where l is 0. All have the length of lse.
	finish func(lse, inverse, m, l []T)

	// grad turns scores in base 2 into p = 2^(score - lse), and the gradients dp of p into
	// those of the scores, p·(dp - dot), in the first lanes columns. lse and dot are [lanes].
	grad func(scores, dp, lse, dot []T, rows, lanes int)

	// hide sets the columns less than from+r and those from to+r on, of the first panelPart ones of each row r, to -∞.
	hide func(scores []T, rows, from, to int)

	// scale computes dst[i] = s[i]·x[i] for rows of cols elements, ldd and ldx apart. dst may
	// be x. cols is a multiple of tileWidth. past asks for dst to be written past the caches; its rows begin a line of them then.
	scale func(dst, x, s []T, rows, cols, ldd, ldx int, past bool)

	// dots computes dots[i] = x[i]·y[i] for rows of cols elements, ldx and ldy apart. cols is
	// a multiple of tileWidth.
	dots func(dots, x, y []T, rows, cols, ldx, ldy int)
}

// lowestScore is where maxima start: finite, so that its difference to -∞ is not
// NaN, and far below any score.
const lowestScore = -1e30

// genericPanels returns the specification, which runs anywhere.
func genericPanels[T Float]() *panelKernel[T] {
	return &panelKernel[T]{
		level: cpu.Generic, softmax: panelSoftmaxGeneric[T], finish: panelFinishGeneric[T], grad: panelGradGeneric[T],
		hide: panelHideGeneric[T], scale: scaleRowsGeneric[T], dots: rowDotsGeneric[T],
	}
}

func panelSoftmaxGeneric[T Float](scores, m, l, decay []T, rows, lanes int) {
	for i := range lanes {
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

func panelFinishGeneric[T Float](lse, inverse, m, l []T) {
	for i := range lse {
		if l[i] == 0 {
			lse[i], inverse[i] = T(math.Inf(-1)), 0
			continue
		}
		lse[i] = T(math.Ln2*float64(m[i]) + math.Log(float64(l[i])))
		inverse[i] = 1 / l[i]
	}
}

func panelGradGeneric[T Float](scores, dp, lse, dot []T, rows, lanes int) {
	for r := range rows {
		for i := range lanes {
			at := r*attentionLanes + i
			p := T(math.Exp2(float64(scores[at] - lse[i])))
			scores[at] = p
			dp[at] = p * (dp[at] - dot[i])
		}
	}
}

func panelHideGeneric[T Float](scores []T, rows, from, to int) {
	for r := range rows {
		for i := range panelPart {
			if i < from+r || i >= to+r {
				scores[r*attentionLanes+i] = T(math.Inf(-1))
			}
		}
	}
}

func scaleRowsGeneric[T Float](dst, x, s []T, rows, cols, ldd, ldx int, _ bool) {
	for i := range rows {
		out := dst[i*ldd:][:cols]
		for c, v := range x[i*ldx:][:cols] {
			out[c] = s[i] * v
		}
	}
}

func rowDotsGeneric[T Float](dots, x, y []T, rows, cols, ldx, ldy int) {
	for i := range rows {
		dots[i] = Dot(x[i*ldx:][:cols], y[i*ldy:][:cols])
	}
}

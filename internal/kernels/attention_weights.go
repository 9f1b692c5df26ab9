package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// Weights computes the weights of attention by their definition, dst [B, Heads, Queries, Keys], which Forward never holds: for looking at
// them. Nothing is dropped. A query that sees no key has zeros. It runs on all cores.
func (a *Attention[T]) Weights(dst, q, k []T, m AttentionMask[T]) {
	parallel.Run(a.Batch*a.Heads*a.Queries, func(_, i int) {
		query := i % a.Queries
		h := i / a.Queries % a.Heads
		b := i / a.Queries / a.Heads
		a.weigh(dst[i*a.Keys:(i+1)*a.Keys], q, k, m, b, h, query)
	})
}

// weigh computes the weights of a query of head h of sequence b.
func (a *Attention[T]) weigh(row, q, k []T, m AttentionMask[T], b, h, i int) {
	position := a.position(i)
	own := int32(0)
	if m.Segments != nil && !a.cross() {
		own = m.Segments[b*a.Keys+position]
	}
	x := q[a.queryAt(b, i, h, a.QStride):][:a.HeadSize]
	most := math.Inf(-1)
	for j := range row {
		row[j] = T(math.Inf(-1))
		if a.Causal && j > position && j >= a.Prefix || a.Window > 0 && j <= position-a.Window {
			continue
		}
		if m.Segments != nil {
			if segment := m.Segments[b*a.Keys+j]; segment < 0 || !a.cross() && segment != own {
				continue
			}
		}
		score := 0.0
		y := k[a.keyAt(b, j, h/(a.Heads/a.KVHeads), a.KStride):][:a.HeadSize]
		for e := range x {
			score += float64(x[e]) * float64(y[e])
		}
		score *= a.Scale
		if a.SoftCap > 0 {
			score = a.SoftCap * math.Tanh(score/a.SoftCap)
		}
		if a.Slopes != nil {
			score += a.Slopes[h] * float64(j-position)
		}
		if m.Bias != nil {
			score += float64(m.Bias[(h*a.Queries+i)*a.Keys+j])
		}
		row[j], most = T(score), max(most, score)
	}
	if math.IsInf(most, -1) {
		clear(row)
		return
	}
	sum := 0.0
	for j := range row {
		w := math.Exp(float64(row[j]) - most)
		row[j] = T(w)
		sum += w
	}
	for j := range row {
		row[j] /= T(sum)
	}
}

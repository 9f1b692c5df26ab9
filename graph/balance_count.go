package graph

import "github.com/seahorse-ml/seahorse/internal/kernels"

// balance computes a balanceOp.
type balance[T kernels.Float] struct {
	routeOp
	logits, grads [][]T   // of each layer [rows, E]; the gradients hold the softmax between count and differentiate
	segments      []int32 // nil counts all rows

	chosen                 []bool    // [E], of a row
	choices, probabilities []float64 // [E]
	rows                   int       // that count, in all layers
}

func newBalance[T kernels.Float](o *balanceOp) *balance[T] {
	e := o.route.cols
	return &balance[T]{routeOp: o.route, chosen: make([]bool, e), choices: make([]float64, e), probabilities: make([]float64, e)}
}

// counts tells whether row r is none of padding.
func (b *balance[T]) counts(r int) bool { return b.segments == nil || b.segments[r] >= 0 }

// count adds up the choices and the probabilities of all rows that count.
func (b *balance[T]) count() {
	clear(b.choices)
	clear(b.probabilities)
	b.rows = 0
	for l, logits := range b.logits {
		kernels.Softmax(b.grads[l], logits, b.routeOp.rows, b.cols)
		for r := range b.routeOp.rows {
			if !b.counts(r) {
				continue
			}
			b.rows++
			row := b.grads[l][r*b.cols : (r+1)*b.cols]
			choose(b.chosen, logits[r*b.cols:(r+1)*b.cols], b.k)
			for e, p := range row {
				b.probabilities[e] += float64(p)
				if b.chosen[e] {
					b.choices[e]++
				}
			}
		}
	}
}

// loss returns E·Σ choices/rows · probabilities/rows.
func (b *balance[T]) loss() float64 {
	if b.rows == 0 {
		return 0
	}
	sum, n := 0.0, float64(b.rows)
	for e, c := range b.choices {
		sum += c / n * b.probabilities[e] / n
	}
	return float64(b.cols) * sum
}

// differentiate makes the gradients of weight times the loss of the softmax that they hold.
func (b *balance[T]) differentiate(weight float64) {
	n := float64(max(1, b.rows))
	factor := weight * float64(b.cols) / n / n
	for _, grads := range b.grads {
		for r := range b.routeOp.rows {
			row := grads[r*b.cols : (r+1)*b.cols]
			if !b.counts(r) {
				clear(row)
				continue
			}
			mean := 0.0
			for e, p := range row {
				mean += float64(p) * b.choices[e]
			}
			for e, p := range row {
				row[e] = T(factor * float64(p) * (b.choices[e] - mean))
			}
		}
	}
}

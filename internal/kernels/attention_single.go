package kernels

import "math"

// single reports whether singleItem can do the forward pass: one query a sequence, as in
// generation with a cache of keys and values, no dropout and no masks but a window.
func (a *Attention[T]) single() bool {
	return a.Queries == 1 && a.plain() && a.Dropout == 0 && a.call.mask.Segments == nil && a.HeadSize%a.kernel.cols == 0
}

func (a *Attention[T]) singleScratch() int { return a.Heads / a.KVHeads * a.Keys }

// singleItem computes the outputs of the query heads of one key/value head.
// Keys and values are read once, where they lie.
func (a *Attention[T]) singleItem(worker, i int) {
	b, kv := i/a.KVHeads, i%a.KVHeads
	group := a.Heads / a.KVHeads
	out := a.call.out[a.queryAt(b, 0, kv*group, a.OStride):][:group*a.HeadSize]
	lo, hi := a.visible(a.span(b, kv*group, 0))
	n := hi - lo
	if n <= 0 {
		clear(out)
		n = 0
	}
	p := a.memory[worker][:group*n]
	for g := range group {
		h := kv*group + g
		lse := math.Inf(-1)
		if n > 0 {
			row := p[g*n:][:n]
			a.panel.dots(row, a.call.k[a.keyAt(b, lo, kv, a.KStride):], a.call.q[a.queryAt(b, 0, h, a.QStride):], n, a.HeadSize, a.KStride, 0)
			Scale(row, row, T(a.Scale))
			if a.call.lse != nil {
				most, sum := logSumExp(row)
				lse = most + math.Log(sum)
			}
			Softmax(row, row, 1, n)
		}
		if a.call.lse != nil {
			a.call.lse[b*a.Heads+h] = T(lse)
		}
	}
	if n > 0 {
		v := a.call.v[a.keyAt(b, lo, kv, a.VStride):]
		a.tileProduct(out, p, v, group, a.HeadSize, n, strides{n, 1}, a.VStride, a.HeadSize, false, &rowsAhead[T]{})
	}
}

package kernels

import "math"

// attentionBackward is the working memory of an item of the backward pass.
type attentionBackward[T Float] struct {
	k, v, dk, dv []T // [Keys, width]
	qt, dot      []T // [width, lanes]: queries, scaled, and the outputs' gradients
	q, do        []T // [lanes, width]: the same by rows
	dq           []T // [width, lanes]
	lse, dots    []T // [lanes]: in base 2; Σ dout·out
	scores, dp   []T // [keys, lanes]
	slopes       []T // [keys, lanes], with a cap
}

// keyRows is the number of keys, in whole tiles.
func (a *Attention[T]) keyRows() int { return roundUp(a.Keys, tileHeight) }

// partialSize is the size of the gradients of one head's keys and values.
func (a *Attention[T]) partialSize() int { return 2 * a.keyRows() * a.width }

func (a *Attention[T]) backwardScratch() int {
	return 4*a.keyRows()*a.width + (5*a.width+2)*attentionLanes + 3*attentionKeys*attentionLanes
}

func (a *Attention[T]) backwardMemory(b []T) (f attentionBackward[T]) {
	keys, panel := a.keyRows()*a.width, a.width*attentionLanes
	for _, part := range []*[]T{&f.k, &f.v, &f.dk, &f.dv} {
		*part, b = cut(b, keys)
	}
	for _, part := range []*[]T{&f.qt, &f.dot, &f.q, &f.do, &f.dq} {
		*part, b = cut(b, panel)
	}
	f.lse, b = cut(b, attentionLanes)
	f.dots, b = cut(b, attentionLanes)
	for _, part := range []*[]T{&f.scores, &f.dp, &f.slopes} {
		*part, b = cut(b, attentionKeys*attentionLanes)
	}
	return f
}

// backwardItem computes the gradients of every chunks-th panel of a key/value
// head's query heads, and what they add to the gradients of the keys and values.
func (a *Attention[T]) backwardItem(_, i int) {
	stock := scratchOf[T]()
	memory := stock.take(a.backwardScratch())
	defer stock.give(memory)
	f := a.backwardMemory(memory)

	chunk := i % a.chunks
	first, last := i/a.chunks, i/a.chunks+1
	if a.call.dbias != nil {
		last = a.Batch * a.KVHeads // this head of each sequence
	}
	for head := first; head < last; head += a.KVHeads {
		a.backwardHead(&f, head/a.KVHeads, head%a.KVHeads, chunk)
	}
}

func (a *Attention[T]) backwardHead(f *attentionBackward[T], b, kv, chunk int) {
	if a.chunks > 1 {
		n := a.partialSize()
		part := a.call.partial[((b*a.KVHeads+kv)*a.chunks+chunk)*n:][:n]
		f.dk, f.dv = part[:n/2], part[n/2:]
	}
	clear(f.dk)
	clear(f.dv)
	a.copyRows(f.k, a.call.k[a.keyAt(b, 0, kv, a.KStride):], a.Keys, a.keyRows(), a.KStride)
	a.copyRows(f.v, a.call.v[a.keyAt(b, 0, kv, a.VStride):], a.Keys, a.keyRows(), a.VStride)
	group := a.Heads / a.KVHeads
	for unit := chunk; unit < group*a.panels; unit += a.chunks {
		a.backwardPanel(f, a.span(b, kv*group+unit/a.panels, unit%a.panels))
	}
	if a.chunks == 1 {
		for j := range a.Keys {
			copy(a.call.dk[a.keyAt(b, j, kv, a.KStride):][:a.HeadSize], f.dk[j*a.width:])
			copy(a.call.dv[a.keyAt(b, j, kv, a.VStride):][:a.HeadSize], f.dv[j*a.width:])
		}
	}
}

// reduceItem adds the chunks of the gradients of a block of keys, in order.
func (a *Attention[T]) reduceItem(_, i int) {
	block, head := i%a.keyBlocks(), i/a.keyBlocks()
	b, kv := head/a.KVHeads, head%a.KVHeads
	n := a.partialSize()
	parts := a.call.partial[head*a.chunks*n:][:a.chunks*n]
	for j := block * attentionKeys; j < min((block+1)*attentionKeys, a.Keys); j++ {
		dk := a.call.dk[a.keyAt(b, j, kv, a.KStride):][:a.HeadSize]
		dv := a.call.dv[a.keyAt(b, j, kv, a.VStride):][:a.HeadSize]
		copy(dk, parts[j*a.width:])
		copy(dv, parts[n/2+j*a.width:])
		for c := 1; c < a.chunks; c++ {
			Accumulate(dk, parts[c*n+j*a.width:])
			Accumulate(dv, parts[c*n+n/2+j*a.width:])
		}
	}
}

func (a *Attention[T]) backwardPanel(f *attentionBackward[T], s attentionSpan) {
	a.loadPanel(f, s)
	clear(f.dq)
	least, most := a.visible(s)
	for first := least / attentionKeys * attentionKeys; first < most; first += attentionKeys {
		lo, hi := max(least, first), min(most, first+attentionKeys)
		skip, uniform := a.segments(s, lo, hi)
		if skip {
			continue
		}
		lo = lo / tileHeight * tileHeight
		a.backwardTile(f, s, lo, roundUp(hi-lo, tileHeight), uniform)
	}
	for i := range s.count {
		dq := a.call.dq[a.queryAt(s.b, s.first+i, s.h, a.QStride):][:a.HeadSize]
		Scale(dq, f.dq[i*a.width:][:a.HeadSize], T(a.Scale))
	}
}

// loadPanel loads what the backward pass needs of the span's queries. Queries that see
// nothing, and columns without a query, get an infinite sum, so that their probabilities are 0.
func (a *Attention[T]) loadPanel(f *attentionBackward[T], s attentionSpan) {
	a.loadQueries(f.qt, s)
	q := a.call.q[a.queryAt(s.b, s.first, s.h, a.QStride):]
	do := a.call.dout[a.queryAt(s.b, s.first, s.h, a.OStride):]
	out := a.call.out[a.queryAt(s.b, s.first, s.h, a.OStride):]
	a.copyRows(f.q, q, s.count, attentionLanes, a.QStride)
	Scale(f.q, f.q, T(a.Scale))
	a.copyRows(f.do, do, s.count, attentionLanes, a.OStride)
	a.turnRows(f.dot, do, s.count, a.OStride)
	Fill(f.lse, T(math.Inf(1)))
	clear(f.dots)
	for i := range s.count {
		if lse := float64(a.call.lse[(s.b*a.Heads+s.h)*a.Queries+s.first+i]); !math.IsInf(lse, -1) {
			f.lse[i] = T(lse * math.Log2E)
		}
		f.dots[i] = Dot(do[i*a.OStride:][:a.HeadSize], out[i*a.OStride:][:a.HeadSize])
	}
}

// backwardTile adds the part of the gradients that the loaded panel has with
// rows keys from key first on.
func (a *Attention[T]) backwardTile(f *attentionBackward[T], s attentionSpan, first, rows int, uniform bool) {
	const lanes = attentionLanes
	at := first * a.width
	a.tileProduct(f.scores, f.k[at:], f.qt, rows, lanes, a.HeadSize, strides{a.width, 1}, lanes, lanes, false)
	a.tileProduct(f.dp, f.v[at:], f.dot, rows, lanes, a.HeadSize, strides{a.width, 1}, lanes, lanes, false)
	a.finishScores(f.scores, f.slopes, s, first, rows, uniform)
	a.panel.grad(f.scores, f.dp, f.lse, f.dots, rows)
	if a.call.dbias != nil {
		for r := range min(rows, a.Keys-first) {
			bias := a.call.dbias[(s.h*a.Queries+s.first)*a.Keys+first+r:]
			for i := range s.count {
				bias[i*a.Keys] += f.dp[r*lanes+i]
			}
		}
	}
	if n := rows * lanes; a.SoftCap > 0 {
		Mul(f.dp[:n], f.dp[:n], f.slopes[:n])
	}
	a.tileProduct(f.dv[at:], f.scores, f.do, rows, a.width, lanes, strides{lanes, 1}, a.width, a.width, true)
	a.tileProduct(f.dk[at:], f.dp, f.q, rows, a.width, lanes, strides{lanes, 1}, a.width, a.width, true)
	a.tileProduct(f.dq, f.dp, f.k[at:], lanes, a.width, rows, strides{1, lanes}, a.width, a.width, true)
}

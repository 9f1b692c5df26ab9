package kernels

import "math"

// attentionBackward is the working memory of an item of the backward pass.
type attentionBackward[T Float] struct {
	k, v, dk, dv []T      // [Keys, width]
	scores, dp   []T      // [keys, lanes]
	slopes       []T      // [keys, lanes], with a cap
	dropped      []uint16 // a mask of [keys, lanes]
	panels       [attentionGroup]backwardPanel[T]
	ahead        rowsAhead[T]
	keys, values headRows[T]
}

// backwardPanel has what belongs to a panel of queries.
type backwardPanel[T Float] struct {
	attentionSpan
	qt, dot   []T // [width, lanes]: queries, scaled, and the outputs' gradients
	q, do     []T // [lanes, width]: the same by rows
	dq        []T // [lanes, width]
	lse, dots []T // [lanes]: in base 2; Σ dout·out
	grad      headRows[T]
	begun     bool // whether there is something in dq
}

// keyRows is the number of keys, in whole tiles.
func (c *AttentionConfig) keyRows() int { return roundUp(c.Keys, tileHeight) }

// partialSize is the size of the gradients of one head's keys and values.
func (c *AttentionConfig) partialSize() int {
	return 2 * c.keyRows() * roundUp(c.HeadSize, tileWidth)
}

func (a *Attention[T]) backwardScratch() int {
	return 4*a.keyRows()*a.width + attentionGroup*(5*a.width+2)*attentionLanes + 3*attentionKeys*attentionLanes + droppedElements
}

func (a *Attention[T]) backwardMemory(b []T) (f attentionBackward[T]) {
	keys, panel := a.keyRows()*a.width, a.width*attentionLanes
	for _, part := range []*[]T{&f.k, &f.v, &f.dk, &f.dv} {
		*part, b = cut(b, keys)
	}
	for i := range f.panels {
		p := &f.panels[i]
		for _, part := range []*[]T{&p.qt, &p.dot, &p.q, &p.do, &p.dq} {
			*part, b = cut(b, panel)
		}
		p.lse, b = cut(b, attentionLanes)
		p.dots, b = cut(b, attentionLanes)
	}
	for _, part := range []*[]T{&f.scores, &f.dp, &f.slopes} {
		*part, b = cut(b, attentionKeys*attentionLanes)
	}
	f.dropped = droppedWords(b)
	return f
}

// backwardItem computes the gradients of every chunks-th group of panels of a
// key/value head's query heads, and what they add to the gradients of the keys and values.
func (a *Attention[T]) backwardItem(worker, i int) {
	f := a.backwardMemory(a.memory[worker])

	chunk := i % a.chunks
	first, last := i/a.chunks, i/a.chunks+1
	if a.call.dbias != nil {
		last = a.Batch * a.KVHeads // this head of each sequence
	}
	for head := first; head < last; head += a.KVHeads {
		a.backwardHead(&f, head/a.KVHeads, head%a.KVHeads, chunk)
	}
	settle(a.call.past)
}

func (a *Attention[T]) backwardHead(f *attentionBackward[T], b, kv, chunk int) {
	if a.chunks > 1 {
		n := a.partialSize()
		part := a.Partial[((b*a.KVHeads+kv)*a.chunks+chunk)*n:][:n]
		f.dk, f.dv = part[:n/2], part[n/2:]
	}
	clear(f.dk)
	clear(f.dv)
	f.keys = a.near(f.k, a.call.k[a.keyAt(b, 0, kv, a.KStride):], a.Keys, a.keyRows(), a.KStride)
	f.values = a.near(f.v, a.call.v[a.keyAt(b, 0, kv, a.VStride):], a.Keys, a.keyRows(), a.VStride)
	group := a.Heads / a.KVHeads
	for unit := chunk; unit < group*a.queryBlocks; unit += a.chunks {
		next := backwardPlace{b, kv, unit + a.chunks}
		if next.unit >= group*a.queryBlocks {
			next = a.nextHead(b, kv, chunk)
		}
		a.backwardGroup(f, b, kv*group+unit/a.queryBlocks, unit%a.queryBlocks, next)
	}
	if a.chunks == 1 {
		for j := 0; j < a.Keys; j += attentionKeys {
			rows := min(attentionKeys, a.Keys-j)
			a.outside.scale(a.call.dk[a.keyAt(b, j, kv, a.KStride):], f.dk[j*a.width:], a.ones[:], rows, a.HeadSize, a.KStride, a.width, a.call.past)
			a.outside.scale(a.call.dv[a.keyAt(b, j, kv, a.VStride):], f.dv[j*a.width:], a.ones[:], rows, a.HeadSize, a.VStride, a.width, a.call.past)
		}
	}
}

// reduceItem adds the chunks of the gradients of a block of keys, in order.
func (a *Attention[T]) reduceItem(_, i int) {
	block, head := i%a.keyBlocks(), i/a.keyBlocks()
	b, kv := head/a.KVHeads, head%a.KVHeads
	n := a.partialSize()
	parts := a.Partial[head*a.chunks*n:][:a.chunks*n]
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

// backwardGroup goes through the keys with a group of panels, so that a block of keys and
// its gradients are in the cache for all of them.
func (a *Attention[T]) backwardGroup(f *attentionBackward[T], b, h, block int, next backwardPlace) {
	panels := f.panels[:min(attentionGroup, a.panels-block*attentionGroup)]
	least, most := a.Keys, 0
	for i := range panels {
		p := &panels[i]
		p.attentionSpan = a.span(b, h, block*attentionGroup+i)
		lo, hi := a.visible(p.attentionSpan)
		least, most = min(least, lo), max(most, hi)
		a.loadPanel(p)
	}
	begin := least / attentionKeys * attentionKeys
	for first := begin; first < most; first += attentionKeys {
		from, to := sharesOf((first-begin)/attentionKeys, ceilDiv(most-begin, attentionKeys))
		for share := from; share < to; share++ {
			a.backwardAhead(&f.ahead, next, share)
		}
		for i := range panels {
			p := &panels[i]
			lo, hi := a.visible(p.attentionSpan)
			lo, hi = max(lo, first), min(hi, first+attentionKeys)
			if lo >= hi {
				continue
			}
			skip, uniform := a.segments(p.attentionSpan, lo, hi)
			if skip {
				continue
			}
			lo = lo / tileHeight * tileHeight
			a.backwardTile(f, p, lo, roundUp(hi-lo, tileHeight), uniform)
		}
	}
	for i := range panels {
		p := &panels[i]
		if !p.begun {
			clear(p.dq)
		}
		dq := a.call.dq[a.queryAt(b, p.first, h, a.QStride):]
		a.outside.scale(dq, p.dq, a.scales[:], p.count, a.HeadSize, a.QStride, a.width, a.call.past)
	}
}

// backwardPlace is a group of panels: unit counts those of all query heads of a key/value head.
type backwardPlace struct{ b, kv, unit int }

// nextHead returns where the item after the one of the given head and chunk begins.
func (a *Attention[T]) nextHead(b, kv, chunk int) backwardPlace {
	i := (b*a.KVHeads+kv)*a.chunks + chunk + 1
	return backwardPlace{i / a.chunks / a.KVHeads, i / a.chunks % a.KVHeads, i % a.chunks}
}

// backwardAhead asks for a share of what the group of panels at next reads: a panel, and a block of keys.
func (a *Attention[T]) backwardAhead(ahead *rowsAhead[T], next backwardPlace, share int) {
	if next.b >= a.Batch {
		return
	}
	if next.unit < a.chunks {
		a.keysAhead(ahead, next.b, next.kv, share*attentionKeys)
	}
	h := next.kv*(a.Heads/a.KVHeads) + next.unit/a.queryBlocks
	panel := next.unit%a.queryBlocks*attentionGroup + share
	a.queriesAhead(ahead, a.call.q, next.b, h, panel, a.QStride)
	a.queriesAhead(ahead, a.call.dout, next.b, h, panel, a.OStride)
	a.queriesAhead(ahead, a.call.out, next.b, h, panel, a.OStride)
}

// loadPanel loads what the backward pass needs of the panel's queries. Queries that see
// nothing, and columns without a query, get an infinite sum, so that their probabilities are 0.
func (a *Attention[T]) loadPanel(p *backwardPanel[T]) {
	s := p.attentionSpan
	a.loadQueries(p.qt, s)
	q := a.call.q[a.queryAt(s.b, s.first, s.h, a.QStride):]
	do := a.call.dout[a.queryAt(s.b, s.first, s.h, a.OStride):]
	out := a.call.out[a.queryAt(s.b, s.first, s.h, a.OStride):]
	a.copyRows(p.q, q, s.count, roundUp(s.count, panelPart), a.QStride, &a.scales)
	p.grad = a.near(p.do, do, s.count, roundUp(s.count, panelPart), a.OStride)
	a.turnRows(p.dot, do, s.count, a.OStride)
	p.begun = false
	clear(p.dots)
	Fill(p.lse, T(math.Inf(1)))
	for i := range s.count {
		if lse := float64(a.call.lse[(s.b*a.Heads+s.h)*a.Queries+s.first+i]); !math.IsInf(lse, -1) {
			p.lse[i] = T(lse * math.Log2E)
		}
	}
	a.outside.dots(p.dots, do, out, s.count, a.HeadSize, a.OStride, a.OStride)
}

// backwardTile adds the part of the gradients that a panel has with rows keys
// from key first on.
func (a *Attention[T]) backwardTile(f *attentionBackward[T], p *backwardPanel[T], first, rows int, uniform bool) {
	at := first * a.width
	seen := a.panelRows(p.attentionSpan, first, rows)
	a.scoreProduct(f.scores, f.keys, first, p.qt, &seen, &f.ahead)
	a.scoreProduct(f.dp, f.values, first, p.dot, &seen, &f.ahead)
	a.finishScores(f.scores, f.slopes, p.attentionSpan, &seen, first, rows, uniform)
	a.drawDropped(f.dropped, p.attentionSpan, first, rows)
	a.drop(f.dp, f.dropped, rows)
	for lane := 0; lane < seen.lanes; lane += panelPart {
		if _, rows := seen.pair(lane); rows > 0 {
			a.panel.grad(f.scores[lane:], f.dp[lane:], p.lse[lane:], p.dots[lane:], rows, panelPart)
		}
	}
	a.drop(f.scores, f.dropped, rows)
	if a.call.dbias != nil {
		for r := range min(rows, a.Keys-first) {
			bias := a.call.dbias[(p.h*a.Queries+p.first)*a.Keys+first+r:]
			for i := range p.count {
				bias[i*a.Keys] += f.dp[r*attentionLanes+i]
			}
		}
	}
	if size := rows * attentionLanes; a.SoftCap > 0 {
		Mul(f.dp[:size], f.dp[:size], f.slopes[:size])
	}
	done := 0 // rows of keys
	for lane := 0; lane < seen.lanes; {
		lanes, rows := seen.tile(lane)
		// What these columns see more than those before them, all columns behind them see too.
		columns, from := seen.lanes-lane, at+done*a.width
		a.tileProduct(f.dv[from:], f.scores[done*attentionLanes+lane:], p.grad.x[lane*p.grad.ld:], rows-done, a.width, columns, strides{attentionLanes, 1}, p.grad.ld, a.width, true, &f.ahead)
		a.tileProduct(f.dk[from:], f.dp[done*attentionLanes+lane:], p.q[lane*a.width:], rows-done, a.width, columns, strides{attentionLanes, 1}, a.width, a.width, true, &f.ahead)
		a.tileProduct(p.dq[lane*a.width:], f.dp[lane:], f.keys.x[first*f.keys.ld:], lanes, a.width, rows, strides{1, attentionLanes}, f.keys.ld, a.width, p.begun, &f.ahead)
		done = rows
		lane += lanes
	}
	p.begun = true
}

package kernels

import "math"

// attentionForward is the working memory of an item of the forward pass.
type attentionForward[T Float] struct {
	q, o        []T // [group, width, lanes]: scaled queries, unnormalised outputs
	m, l, decay []T // [group, lanes]: maxima and sums so far, factor of the older ones
	k, v        []T // [keys, width]
	scores      []T // [keys, lanes]
}

func (a *Attention[T]) forwardScratch() int {
	return attentionGroup*(2*a.width+3)*attentionLanes + 2*attentionKeys*a.width + attentionKeys*attentionLanes
}

func (a *Attention[T]) forwardMemory(b []T) (f attentionForward[T]) {
	panel := attentionGroup * attentionLanes
	f.q, b = cut(b, a.width*panel)
	f.o, b = cut(b, a.width*panel)
	f.m, b = cut(b, panel)
	f.l, b = cut(b, panel)
	f.decay, b = cut(b, panel)
	f.k, b = cut(b, attentionKeys*a.width)
	f.v, b = cut(b, attentionKeys*a.width)
	f.scores, _ = cut(b, attentionKeys*attentionLanes)
	return f
}

func cut[T Float](b []T, n int) (part, rest []T) { return b[:n:n], b[n:] }

// forwardItem computes a few panels of one head. The last ones of a head come
// first, since causal ones have the most to do.
func (a *Attention[T]) forwardItem(_, i int) {
	stock := scratchOf[T]()
	memory := stock.take(a.forwardScratch())
	defer stock.give(memory)
	f := a.forwardMemory(memory)

	block := a.queryBlocks - 1 - i/(a.Batch*a.Heads)
	b, h := i%(a.Batch*a.Heads)/a.Heads, i%a.Heads
	kv := h / (a.Heads / a.KVHeads)
	firstPanel := block * attentionGroup
	count := min(attentionGroup, a.panels-firstPanel)

	var spans [attentionGroup]attentionSpan
	least, most := a.Keys, 0
	for p := range count {
		spans[p] = a.span(b, h, firstPanel+p)
		lo, hi := a.visible(spans[p])
		least, most = min(least, lo), max(most, hi)
		a.loadQueries(f.q[p*a.width*attentionLanes:], spans[p])
	}
	clear(f.o)
	clear(f.l)
	Fill(f.m, lowestScore)

	for first := least / attentionKeys * attentionKeys; first < most; first += attentionKeys {
		last := min(first+attentionKeys, a.Keys)
		rows := last - first
		padded := roundUp(rows, tileHeight)
		loaded := false
		for p := range count {
			lo, hi := a.visible(spans[p])
			lo, hi = max(lo, first), min(hi, last)
			if lo >= hi {
				continue
			}
			skip, uniform := a.segments(spans[p], lo, hi)
			if skip {
				continue
			}
			if !loaded {
				copyRows(f.k, a.call.k[a.keyAt(b, first, kv, a.KStride):], rows, padded, a.HeadSize, a.width, a.KStride)
				copyRows(f.v, a.call.v[a.keyAt(b, first, kv, a.VStride):], rows, padded, a.HeadSize, a.width, a.VStride)
				loaded = true
			}
			from := (lo - first) / tileHeight * tileHeight
			a.forwardTile(&f, spans[p], p, first, from, roundUp(hi-first, tileHeight), uniform)
		}
	}
	for p := range count {
		a.storeOutputs(&f, spans[p], p)
	}
}

// forwardTile takes panel p on by the keys from to to of the loaded block, which begins
// with key first.
func (a *Attention[T]) forwardTile(f *attentionForward[T], s attentionSpan, p, first, from, to int, uniform bool) {
	rows := to - from
	q := f.q[p*a.width*attentionLanes:][:a.width*attentionLanes]
	o := f.o[p*a.width*attentionLanes:][:a.width*attentionLanes]
	lanes := p * attentionLanes
	m, l, decay := f.m[lanes:][:attentionLanes], f.l[lanes:][:attentionLanes], f.decay[lanes:][:attentionLanes]

	tileProduct(f.scores, f.k[from*a.width:], q, rows, attentionLanes, a.HeadSize, strides{a.width, 1}, attentionLanes, attentionLanes, false)
	a.finishScores(f.scores, nil, s, first+from, rows, uniform)
	panelSoftmax(f.scores, m, l, decay, rows)
	scaleColumns(o, decay, a.width)
	tileProduct(o, f.v[from*a.width:], f.scores, a.width, attentionLanes, rows, strides{1, a.width}, attentionLanes, attentionLanes, true)
}

// scaleColumns multiplies the columns of x [rows, lanes] with s [lanes].
func scaleColumns[T Float](x, s []T, rows int) {
	s = s[:attentionLanes]
	changed := false
	for _, v := range s {
		changed = changed || v != 1
	}
	if !changed {
		return
	}
	for r := range rows {
		row := x[r*attentionLanes:][:attentionLanes]
		for i := range row {
			row[i] *= s[i]
		}
	}
}

// loadQueries fills q [width, lanes] with the span's queries, scaled.
func (a *Attention[T]) loadQueries(q []T, s attentionSpan) {
	if s.count < attentionLanes {
		clear(q[:a.width*attentionLanes])
	}
	src := a.call.q[a.queryAt(s.b, s.first, s.h, a.QStride):]
	transposeScaled(q, src, s.count, a.HeadSize, attentionLanes, a.QStride, a.scoreScale())
}

// storeOutputs divides by the sums, and writes the outputs and the logarithms of the sums.
func (a *Attention[T]) storeOutputs(f *attentionForward[T], s attentionSpan, p int) {
	o := f.o[p*a.width*attentionLanes:]
	for i := range s.count {
		m, l := f.m[p*attentionLanes+i], f.l[p*attentionLanes+i]
		var inverse T
		if l != 0 {
			inverse = 1 / l
		}
		out := a.call.out[a.queryAt(s.b, s.first+i, s.h, a.OStride):][:a.HeadSize]
		for e := range out {
			out[e] = o[e*attentionLanes+i] * inverse
		}
		if a.call.lse != nil {
			lse := math.Inf(-1)
			if l != 0 {
				lse = math.Ln2 * (float64(m) + math.Log2(float64(l)))
			}
			a.call.lse[(s.b*a.Heads+s.h)*a.Queries+s.first+i] = T(lse)
		}
	}
}

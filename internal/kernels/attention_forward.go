package kernels

// attentionForward is the working memory of an item of the forward pass.
type attentionForward[T Float] struct {
	q            []T // [group, width, lanes]: queries, scaled
	o            []T // [group, lanes, width]: outputs, not yet divided by the sums
	m, l, decay  []T // [group, lanes]: maxima and sums so far, factor of the older ones
	k, v         []T // [keys, width]
	keys, values headRows[T]
	scores       []T                  // [keys, lanes]
	lse          []T                  // [lanes]
	begun        [attentionGroup]bool // whether there is something in o
	ahead        rowsAhead[T]
	dropped      []uint16 // a mask of the scores
}

func (a *Attention[T]) forwardScratch() int {
	return attentionGroup*(2*a.width+3)*attentionLanes + 2*attentionKeys*a.width + (attentionKeys+1)*attentionLanes + droppedElements
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
	f.scores, b = cut(b, attentionKeys*attentionLanes)
	f.lse, b = cut(b, attentionLanes)
	f.dropped = droppedWords(b)
	return f
}

func cut[T Float](b []T, n int) (part, rest []T) { return b[:n:n], b[n:] }

// forwardItem computes a few panels of one head. The last ones of a head come
// first, since causal ones have the most to do.
func (a *Attention[T]) forwardItem(worker, i int) {
	f := a.forwardMemory(a.memory[worker])

	b, h, block := a.forwardPlace(i)
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
	clear(f.l[:count*attentionLanes])
	Fill(f.m[:count*attentionLanes], lowestScore)

	begin := least / attentionKeys * attentionKeys
	for first := begin; first < most; first += attentionKeys {
		a.forwardAhead(&f.ahead, i, first, begin, most)
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
				f.keys = a.near(f.k, a.call.k[a.keyAt(b, first, kv, a.KStride):], rows, padded, a.KStride)
				f.values = a.near(f.v, a.call.v[a.keyAt(b, first, kv, a.VStride):], rows, padded, a.VStride)
				loaded = true
			}
			from := (lo - first) / tileHeight * tileHeight
			a.forwardTile(&f, spans[p], p, first, from, roundUp(hi-first, tileHeight), uniform)
		}
	}
	for p := range count {
		if !f.begun[p] {
			clear(f.o[p*attentionLanes*a.width:][:attentionLanes*a.width])
		}
		a.storeOutputs(&f, spans[p], p)
	}
	settle(a.call.past)
}

// forwardPlace returns the sequence, the head and the group of panels of an item.
func (a *Attention[T]) forwardPlace(i int) (b, h, block int) {
	return i / a.queryBlocks / a.Heads, i / a.queryBlocks % a.Heads, a.queryBlocks - 1 - i%a.queryBlocks
}

// forwardAhead asks for what item i reads after the block of keys from first on, of those from begin to most, and for
// queries of the next item.
func (a *Attention[T]) forwardAhead(ahead *rowsAhead[T], i, first, begin, most int) {
	group := a.Heads / a.KVHeads
	b, h, _ := a.forwardPlace(i)
	if next := first + attentionKeys; next < most {
		a.keysAhead(ahead, b, h/group, next)
	}
	if i++; i >= a.Batch*a.Heads*a.queryBlocks {
		return
	}
	b, h, block := a.forwardPlace(i)
	if first+attentionKeys >= most {
		lo, _ := a.visible(a.span(b, h, block*attentionGroup))
		a.keysAhead(ahead, b, h/group, lo/attentionKeys*attentionKeys)
	}
	from, to := sharesOf((first-begin)/attentionKeys, ceilDiv(most-begin, attentionKeys))
	for p := from; p < to; p++ {
		a.queriesAhead(ahead, a.call.q, b, h, block*attentionGroup+p, a.QStride)
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

	seen := a.panelRows(s, first+from, rows)
	a.scoreProduct(f.scores, f.keys, from, q, &seen, &f.ahead)
	a.finishScores(f.scores, nil, s, &seen, first+from, rows, uniform)
	for lane := 0; lane < seen.lanes; lane += panelPart {
		if _, rows := seen.pair(lane); rows > 0 {
			a.panel.softmax(f.scores[lane:], m[lane:], l[lane:], decay[lane:], rows, panelPart)
		} else {
			Fill(decay[lane:][:panelPart], 1)
		}
	}
	a.drawDropped(f.dropped, s, first+from, rows)
	a.drop(f.scores, f.dropped, rows)
	if f.begun[p] {
		a.rescale(o, decay[:s.count])
	}
	for lane := 0; lane < seen.lanes; {
		lanes, rows := seen.tile(lane)
		a.tileProduct(o[lane*a.width:], f.scores[lane:], f.values.x[from*f.values.ld:], lanes, a.width, rows, strides{1, attentionLanes}, f.values.ld, a.width, f.begun[p], &f.ahead)
		lane += lanes
	}
	f.begun[p] = true
}

// rescale multiplies the rows of o [lanes, width] by factors, unless all are 1.
func (a *Attention[T]) rescale(o, factors []T) {
	for _, v := range factors {
		if v != 1 {
			a.panel.scale(o, o, factors, len(factors), a.width, a.width, a.width, false)
			return
		}
	}
}

// loadQueries fills q [HeadSize, lanes] with the span's queries.
func (a *Attention[T]) loadQueries(q []T, s attentionSpan) {
	a.turnRows(q, a.call.q[a.queryAt(s.b, s.first, s.h, a.QStride):], s.count, a.QStride)
	q = q[:a.HeadSize*attentionLanes]
	Scale(q, q, a.scoreScale())
}

// copyRows copies rows that lie ld apart to dst [padded, width], times factor, padded
// with zeros.
func (a *Attention[T]) copyRows(dst, src []T, rows, padded, ld int, factor *[attentionKeys]T) {
	if a.HeadSize < a.width {
		clear(dst[:rows*a.width])
	}
	for i := 0; i < rows; i += attentionKeys {
		a.outside.scale(dst[i*a.width:], src[i*ld:], factor[:], min(attentionKeys, rows-i), a.HeadSize, a.width, ld, false)
	}
	clear(dst[rows*a.width : padded*a.width])
}

// headRows are rows of a head, ld apart.
type headRows[T Float] struct {
	x  []T
	ld int
}

// near returns rows of x, which lie ld apart, as they are where they need no padding and one panel alone reads them, and
// otherwise copies them to own [padded, width].
func (a *Attention[T]) near(own, x []T, rows, padded, ld int) headRows[T] {
	if a.panels == 1 && rows == padded && a.HeadSize == a.width {
		return headRows[T]{x, ld}
	}
	a.copyRows(own, x, rows, padded, ld, &a.ones)
	return headRows[T]{own, a.width}
}

// turnRows transposes the rows of a panel's queries, which lie ld apart, into
// dst [HeadSize, lanes], filled up with zeros to whole parts of a panel.
func (a *Attention[T]) turnRows(dst, src []T, rows, ld int) {
	a.kernel.turn(dst, src, a.HeadSize, rows, attentionLanes, ld)
	if end := roundUp(rows, panelPart); rows < end {
		for e := range a.HeadSize {
			clear(dst[e*attentionLanes+rows : e*attentionLanes+end])
		}
	}
}

// storeOutputs divides by the sums, and writes the outputs and the logarithms of the sums.
func (a *Attention[T]) storeOutputs(f *attentionForward[T], s attentionSpan, p int) {
	lanes := p * attentionLanes
	lse, inverse := f.lse[:s.count], f.decay[lanes:][:s.count]
	a.panel.finish(lse, inverse, f.m[lanes:], f.l[lanes:])
	out := a.call.out[a.queryAt(s.b, s.first, s.h, a.OStride):]
	a.outside.scale(out, f.o[lanes*a.width:], inverse, s.count, a.HeadSize, a.OStride, a.width, a.call.past)
	if a.call.lse != nil {
		copy(a.call.lse[(s.b*a.Heads+s.h)*a.Queries+s.first:], lse)
	}
}

package kernels

import (
	"math"
	"unsafe"
)

// attentionSpan is a panel's place: queries first to first+count of head h
// of sequence b.
type attentionSpan struct {
	b, h, first, count int
	low, high          int32 // least and greatest segment of the queries
}

// span returns the panel with the given number.
func (a *Attention[T]) span(b, h, panel int) attentionSpan {
	s := attentionSpan{b: b, h: h, first: panel * attentionLanes}
	s.count = min(attentionLanes, a.Queries-s.first)
	if a.call.mask.Segments != nil && !a.cross() {
		at := b*a.Keys + a.position(s.first)
		s.low, s.high = segmentRange(a.call.mask.Segments[at : at+s.count])
	}
	return s
}

// panelRows says how many of the first rows of a block of keys each part of a panel's columns sees. No part sees fewer than the
// one before it.
type panelRows struct {
	lanes int // columns
	rows  [attentionLanes / maskedPart]int
}

// panelRows returns what a panel sees of rows keys from key first on.
func (a *Attention[T]) panelRows(s attentionSpan, first, rows int) (seen panelRows) {
	seen.lanes = roundUp(s.count, panelPart)
	cut := a.Causal && first >= a.Prefix && a.call.dbias == nil
	for i := range seen.rows {
		seen.rows[i] = rows
		if cut {
			last := a.position(s.first + (i+1)*maskedPart - 1)
			seen.rows[i] = min(rows, roundUp(max(0, last+1-first), tileHeight))
		}
	}
	return seen
}

// tile returns the columns from lane on that see the same rows, and how many.
func (p *panelRows) tile(lane int) (lanes, rows int) {
	rows = p.rows[lane/maskedPart]
	for lanes = maskedPart; lane+lanes < p.lanes && p.rows[(lane+lanes)/maskedPart] == rows; {
		lanes += maskedPart
	}
	return lanes, rows
}

// pair returns the rows that the first and the second half of the panelPart columns from lane on see.
func (p *panelRows) pair(lane int) (first, second int) {
	return p.rows[lane/maskedPart], p.rows[lane/maskedPart+1]
}

// cross reports whether queries and keys are of different sequences.
func (a *Attention[T]) cross() bool { return a.Cross || a.Queries > a.Keys }

func (a *Attention[T]) position(i int) int { return i + a.Keys - a.Queries }

func segmentRange(s []int32) (low, high int32) {
	low, high = s[0], s[0]
	for _, v := range s[1:] {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// visible returns the range of keys outside of which no query of the span sees any.
func (a *Attention[T]) visible(s attentionSpan) (lo, hi int) {
	hi = a.Keys
	if a.Causal {
		hi = min(hi, max(a.position(s.first+s.count-1)+1, a.Prefix))
	}
	if a.Window > 0 {
		lo = max(0, a.position(s.first)-a.Window+1)
	}
	return lo, hi
}

// segments compares the segments of the keys lo to hi with the span's: skip reports
// whether they have nothing in common, uniform whether all of both are one.
func (a *Attention[T]) segments(s attentionSpan, lo, hi int) (skip, uniform bool) {
	segments := a.call.mask.Segments
	if segments == nil {
		return false, true
	}
	low, high := segmentRange(segments[s.b*a.Keys+lo : s.b*a.Keys+hi])
	if a.cross() {
		return high < 0, low >= 0
	}
	skip = high < s.low || low > s.high || high < 0 || s.high < 0
	return skip, low == high && s.low == s.high
}

// finishScores turns the products of a panel with rows keys from key first on,
// scores [rows, attentionLanes], into scores in base 2: the cap, slopes and bias are
// applied, and scores that the masks exclude become -∞. Where slopes is not nil,
// it receives the derivative of each capped score.
func (a *Attention[T]) finishScores(scores, slopes []T, s attentionSpan, seen *panelRows, first, rows int, uniform bool) {
	if !a.plain() {
		a.shapeScores(scores, slopes, s, first, rows)
	}
	last := a.position(s.first + s.count - 1)
	least := a.position(s.first)
	whole := first+rows <= a.Keys && uniform &&
		(!a.Causal || first+rows <= max(least+1, a.Prefix)) &&
		(a.Window == 0 || first > last-a.Window)
	if whole {
		return
	}
	// Row r hides the columns before from+r, whose queries stand before the key, and those
	// from to+r on, whose window it has left.
	const all = math.MaxInt32 / 2
	from, to := -all, all
	if a.Window > 0 {
		to = first + a.Window - least
	}
	prefix := 0 // rows of it
	if a.Causal {
		prefix = min(rows, max(0, a.Prefix-first))
		from = first + prefix - least
	}
	if prefix > 0 && a.Window > 0 {
		a.hide(scores, seen, 0, prefix, -all, to)
	}
	valid := min(rows, a.Keys-first)
	a.hide(scores, seen, prefix, valid, from, to+prefix)
	if rows > valid {
		Fill(scores[valid*attentionLanes:rows*attentionLanes], T(math.Inf(-1)))
	}
	if !uniform {
		for r := range valid {
			a.hideSegments(scores[r*attentionLanes:(r+1)*attentionLanes], s, first+r)
		}
	}
}

// hide hides the columns less than from+r, and those from to+r on, of row low+r for each r up to row high, as far as columns see the
// rows.
func (a *Attention[T]) hide(scores []T, seen *panelRows, low, high, from, to int) {
	for lane := 0; lane < seen.lanes; lane += panelPart {
		_, rows := seen.pair(lane)
		row, end := low, min(high, rows)
		if to >= lane+panelPart { // no column has left the window
			row = max(row, low+lane-from+1) // the first with a column before the key
		}
		if row < end {
			a.panel.hide(scores[row*attentionLanes+lane:], end-row, from+row-low-lane, to+row-low-lane)
		}
	}
}

// hideSegments hides the key from queries of other segments.
func (a *Attention[T]) hideSegments(row []T, s attentionSpan, key int) {
	hidden := T(math.Inf(-1))
	segments := a.call.mask.Segments[s.b*a.Keys:]
	own := segments[key]
	if own < 0 {
		for i := range row {
			row[i] = hidden
		}
		return
	}
	if a.cross() {
		return
	}
	for i, segment := range segments[a.position(s.first):][:s.count] {
		if segment != own {
			row[i] = hidden
		}
	}
}

// droppedElements is how much working memory the mask of a tile takes, in elements of any type.
const droppedElements = attentionKeys * attentionLanes / dropoutWord / 2

// droppedWords returns the mask that lies at the beginning of b.
func droppedWords[T Float](b []T) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(b[:droppedElements]))), 2*droppedElements)
}

// drawDropped draws which weights of a panel of rows keys from key first on are kept, for drop. The random number of a weight depends on
// its head, query and key alone.
func (a *Attention[T]) drawDropped(mask []uint16, s attentionSpan, first, rows int) {
	if a.Dropout == 0 {
		return
	}
	panel := (s.b*a.Heads+s.h)*a.panels + s.first/attentionLanes
	at := uint64(panel*a.Keys+first) * attentionLanes
	DropoutMask(mask[:rows*attentionLanes/dropoutWord], a.Dropout, a.call.mask.Seed, a.call.mask.Stream, at)
}

// drop drops elements of x [rows, attentionLanes], which belong to what was drawn.
func (a *Attention[T]) drop(x []T, mask []uint16, rows int) {
	if a.Dropout == 0 {
		return
	}
	x = x[:rows*attentionLanes]
	ApplyDropout(x, x, mask, a.Dropout)
}

// shapeScores applies cap, slopes and bias, and goes over to base 2.
func (a *Attention[T]) shapeScores(scores, slopes []T, s attentionSpan, first, rows int) {
	bias := a.call.mask.Bias
	scores = scores[:rows*attentionLanes]
	if a.SoftCap > 0 {
		Scale(scores, scores, T(1/a.SoftCap))
		Activate(Tanh, scores, scores, false)
		for i := range slopes[:min(len(slopes), len(scores))] {
			slopes[i] = 1 - scores[i]*scores[i]
		}
		Scale(scores, scores, T(a.SoftCap))
	}
	for r := range rows {
		row := scores[r*attentionLanes : (r+1)*attentionLanes]
		if a.Slopes != nil {
			slope := a.Slopes[s.h]
			for i := range row {
				row[i] += T(slope * float64(first+r-a.position(s.first+i)))
			}
		}
		if bias != nil && first+r < a.Keys {
			at := (s.h*a.Queries+s.first)*a.Keys + first + r
			for i := range s.count {
				row[i] += bias[at+i*a.Keys]
			}
		}
	}
	Scale(scores, scores, math.Log2E)
}

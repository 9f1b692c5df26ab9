package generate

import "slices"

// keptText is what stays of a text that has ended: the pieces of its prompt that were read whole, in the cells that it had. They are what they would be
// if they were read again, bit by bit, as what a piece is depends on the text up to its end alone. What was written is read again, in pieces.
type keptText struct {
	ids   []int32 // whose keys and values the cells begin with, a multiple of promptPiece
	cells cellRange
}

// keptTexts are those of a batcher, the one that ended last at the end.
type keptTexts []*keptText

// find returns the text that has most whole pieces in common with a prompt, of which at least the last token is left to be read, and how many tokens
// those are; of equal ones the last. It returns nil for none.
func (k keptTexts) find(prompt []int32) (best *keptText, tokens int) {
	most := (len(prompt) - 1) / promptPiece * promptPiece
	for _, t := range slices.Backward(k) {
		n := 0
		for n < min(most, len(t.ids)) && slices.Equal(t.ids[n:n+promptPiece], prompt[n:n+promptPiece]) {
			n += promptPiece
		}
		if n > tokens {
			best, tokens = t, n
		}
	}
	return best, tokens
}

// Forget forgets what BatcherConfig.Keep has kept of texts that have ended, and lets nothing be kept of those that are written: for a model whose parameters
// change.
func (b *Batcher) Forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.kept) > 0 {
		b.drop(b.kept[0])
	}
	b.epoch++
}

// drop gives the cells of a kept text back.
func (b *Batcher) drop(t *keptText) {
	b.kept = slices.DeleteFunc(b.kept, func(o *keptText) bool { return o == t })
	b.free.give(t.cells)
}

// leave lets a row go, whose cells are kept or given back.
func (b *Batcher) leave(r *batchRow) {
	whole := min(r.known, r.begun) / promptPiece * promptPiece
	if !b.config.Keep || whole == 0 || r.epoch != b.epoch || r.job.failed() {
		b.free.give(r.cells)
		return
	}
	b.kept = append(b.kept, &keptText{r.ids[:whole:whole], r.cells})
}

// claim returns cells for a text of so many tokens that begins with a prompt, of which so many are known already, or false where there is no room. A kept text that
// the prompt goes on with gives its own cells, where they are enough; else they are copied. Where there is no room, those that ended first go.
func (b *Batcher) claim(prompt []int32, need int) (cells cellRange, known int, ok bool) {
	from, known := b.kept.find(prompt)
	if from != nil && known == len(from.ids) && from.cells.to-from.cells.from >= need {
		b.kept = slices.DeleteFunc(b.kept, func(o *keptText) bool { return o == from })
		return from.cells, known, true
	}
	for {
		if cells, ok = b.free.take(need); ok {
			break
		}
		oldest := slices.IndexFunc(b.kept, func(t *keptText) bool { return t != from })
		switch {
		case oldest >= 0:
			b.drop(b.kept[oldest])
		case from != nil:
			b.drop(from)
			from, known = nil, 0
		default:
			return cellRange{}, 0, false
		}
	}
	if from != nil {
		b.cells.Copy(cells.from, from.cells.from, known)
	}
	return cells, known, true
}

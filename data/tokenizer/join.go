package tokenizer

import (
	"slices"
	"sort"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretrained"
)

// AppendPart appends the ids of a document, or of a part of a long one, to dst. First and last tell whether the document begins
// and ends with the part. One that goes on from another gets no mark of a beginning, such as ▁. With addSpecial, what frames a
// text stands only at the ends of the document, and not twice: a text that begins or ends with those tokens itself keeps its own.
// With first alone it is the prompt that a model goes on from.
func (t *Tokenizer) AppendPart(dst []int32, text []byte, first, last, addSpecial bool) []int32 {
	e := t.take()
	defer t.giveBack(e)
	begin, end := t.ends(first && addSpecial, last && addSpecial)
	start := len(dst)
	dst = e.append(dst, text, !first)
	if !hasPrefix(dst[start:], begin) {
		dst = slices.Insert(dst, start, begin...)
	}
	if !hasSuffix(dst[start:], end) {
		dst = append(dst, end...)
	}
	return dst
}

// AppendTargets appends the ids of a whole text, and for each of them whether it is to be learned: whether it stands for one of the
// bytes [start, end) of the spans, at least in part. Spans ascend and don't overlap. The ids are those of the text as it
// stands, whatever the spans are: nothing marks a beginning or an end between them. A token that reaches over the bound of a
// span is one to be learned, since its rest would be learned by no other.
//
// With addSpecial the text is framed as AppendPart frames it. The tokens before it are to be learned where a span begins
// with the text, those behind it where a span, even an empty one, ends with it.
func (t *Tokenizer) AppendTargets(ids []int32, targets []bool, text []byte, spans [][2]int, addSpecial bool) ([]int32, []bool) {
	e := t.take()
	defer t.giveBack(e)
	toEnd := len(spans) > 0 && spans[len(spans)-1][1] >= len(text)
	spans = slices.DeleteFunc(slices.Clone(spans), func(s [2]int) bool { return s[0] >= s[1] })
	e.marking, e.marks = true, e.marks[:0]
	e.ids = e.append(e.ids[:0], text, false)
	e.marking = false
	e.flags = e.flags[:0]
	if !e.flagMarked(spans) {
		e.ids, e.flags = e.appendFlagged(e.ids[:0], e.flags[:0], text, spans, nil)
	}
	begin, end := t.ends(addSpecial, addSpecial)
	if !hasPrefix(e.ids, begin) {
		ids = append(ids, begin...)
		targets = appendRepeated(targets, len(spans) > 0 && spans[0][0] <= 0, len(begin))
	}
	ids, targets = append(ids, e.ids...), append(targets, e.flags...)
	if !hasSuffix(e.ids, end) {
		ids = append(ids, end...)
		targets = appendRepeated(targets, toEnd, len(end))
	}
	return ids, targets
}

// ends returns the tokens that frame a text before and behind it, as far as asked for.
func (t *Tokenizer) ends(before, behind bool) (begin, end []int32) {
	seen := false
	for _, piece := range t.plan.Single {
		switch {
		case piece.Sequence >= 0:
			seen, end = true, end[:0]
		case !seen && before:
			begin = append(begin, piece.ID)
		case seen && behind:
			end = append(end, piece.ID)
		}
	}
	return begin, end
}

func hasPrefix(ids, prefix []int32) bool {
	return len(ids) >= len(prefix) && slices.Equal(ids[:len(prefix)], prefix)
}

func hasSuffix(ids, suffix []int32) bool {
	return len(ids) >= len(suffix) && slices.Equal(ids[len(ids)-len(suffix):], suffix)
}

func appendRepeated(dst []bool, value bool, n int) []bool {
	for range n {
		dst = append(dst, value)
	}
	return dst
}

// mark is a place at which a text can be cut without a change of its ids: text[:at] has the first n of them.
type mark struct{ at, n int }

// mark notes a place, if that is asked for.
func (e *encoder) mark(at, n int) {
	if e.marking && at >= 0 {
		e.marks = append(e.marks, mark{at, n})
	}
}

// flagMarked flags the ids by the places that were marked, and reports whether all bounds of the spans are such places.
func (e *encoder) flagMarked(spans [][2]int) bool {
	from := mark{}
	for _, m := range e.marks {
		i := sort.Search(len(spans), func(i int) bool { return spans[i][1] > from.at })
		end := max(m.at, from.at+1) // a mark of a beginning counts to what it stands before
		inside := i < len(spans) && spans[i][0] < end
		if inside && m.n > from.n && (spans[i][0] > from.at || spans[i][1] < end) {
			return false
		}
		e.flags = appendRepeated(e.flags, inside, m.n-from.n)
		from = m
	}
	return true
}

// appendFlagged is append through all steps, which know where each token came from. Literal spans of the text hold no added tokens.
func (e *encoder) appendFlagged(ids []int32, flags []bool, text []byte, spans, literal [][2]int) ([]int32, []bool) {
	t := e.t
	pieces, err := t.split(normalize.NewText(text, true), literal)
	if err != nil {
		return ids, flags
	}
	add := func(id int32, at normalize.Span) {
		ids = append(ids, id)
		end := max(at.End, at.Start+1)
		i := sort.Search(len(spans), func(i int) bool { return spans[i][1] > at.Start })
		flags = append(flags, i < len(spans) && spans[i][0] < end)
	}
	for i := range pieces {
		p := &pieces[i]
		if p.ID >= 0 {
			add(p.ID, p.Text.OriginOf(0, len(p.Text.Bytes)))
			continue
		}
		e.appendPiece(p.Text, literal, add)
	}
	return ids, flags
}

// appendInner appends the ids of a text that goes on from another one, up to its first added token.
func (e *encoder) appendInner(dst []int32, segment []byte) []int32 {
	t := e.t
	end := len(segment)
	switch {
	case end == 0:
		return dst
	case t.cut == cutWords:
		return e.appendChunks(dst, segment, 0)
	case t.cut == cutScan:
		return e.appendScanned(dst, segment, 0, false)
	case t.cut == cutSpaces:
		end = spacedEnd(segment, 0)
	}
	dst = e.appendSlowly(dst, segment[:end], 1, innerNormalizer(t.normalizer), innerSplitter(t.splitter))
	for i := end; i < len(segment); i = end {
		end = spacedEnd(segment, i)
		dst = e.appendChunk(dst, e.cache, segment, i, end, i)
	}
	return dst
}

// innerNormalizer returns a normalizer for a text that goes on from another one: without what it puts or strips before a text.
func innerNormalizer(n normalize.Normalizer) normalize.Normalizer {
	switch n := n.(type) {
	case normalize.Sequence:
		out := normalize.Sequence{}
		for _, m := range n {
			if m = innerNormalizer(m); m != nil {
				out = append(out, m)
			}
		}
		return out
	case normalize.Prepend:
		return nil
	case normalize.Strip:
		return normalize.Strip{Right: n.Right}
	case normalize.Replace:
		switch {
		case n.Pattern.Regex == pretrained.OuterSpaces && n.Content == "":
			return lastSpaces
		case n.Pattern.Regex == pretrained.FirstMark:
			return nil
		}
	}
	return n
}

// innerSplitter returns a pre-tokenizer for a text that goes on from another one: without what it puts before a text.
func innerSplitter(p pretok.PreTokenizer) pretok.PreTokenizer {
	switch p := p.(type) {
	case pretok.Sequence:
		if len(p) > 0 {
			return append(pretok.Sequence{innerSplitter(p[0])}, p[1:]...)
		}
	case pretok.Metaspace:
		p.PrependScheme = pretok.Never
		return p
	case pretok.ByteLevel:
		p.AddPrefixSpace = false
		return p
	}
	return p
}

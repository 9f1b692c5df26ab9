package tokenizer

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
)

// AppendLiteral is AppendTargets without a frame, for a text of which some spans, ascending and apart, are literal: what spells an added token there, such as one
// that ends a turn, is ordinary text. Tokens of nothing but white space stay. The ids of texts without such spellings are those of AppendTargets.
func (t *Tokenizer) AppendLiteral(ids []int32, targets []bool, text []byte, spans, literal [][2]int) ([]int32, []bool) {
	if !slices.ContainsFunc(literal, func(s [2]int) bool { return t.HoldsToken(text[max(0, s[0]):min(len(text), s[1])]) }) {
		return t.AppendTargets(ids, targets, text, spans, false)
	}
	e := t.take()
	defer t.giveBack(e)
	spans = slices.DeleteFunc(slices.Clone(spans), func(s [2]int) bool { return s[0] >= s[1] })
	return e.appendFlagged(ids, targets, text, spans, literal)
}

// HoldsToken tells whether an added token that isn't white space alone is spelled out in a text.
func (t *Tokenizer) HoldsToken(text []byte) bool {
	for m := range t.added.literal.matches(text) {
		if t.added.barred(m.id) {
			return true
		}
	}
	if t.added.normalized.count == 0 {
		return false
	}
	whole := normalize.NewText(text, false)
	if t.normalizer != nil && t.normalizer.Normalize(&whole) != nil {
		return true
	}
	for m := range t.added.normalized.matches(whole.Bytes) {
		if t.added.barred(m.id) {
			return true
		}
	}
	return false
}

// barred tells whether a token mustn't come of literal text: any added one but runs of white space.
func (a *addedTokens) barred(id int32) bool {
	token, ok := a.byID[id]
	return ok && strings.TrimSpace(token.Content) != ""
}

// touches tells whether a place lies in one of the spans, at least in part.
func touches(spans [][2]int, at normalize.Span) bool {
	i := sort.Search(len(spans), func(i int) bool { return spans[i][1] > at.Start })
	return i < len(spans) && spans[i][0] < max(at.End, at.Start+1)
}

// appendPiece adds the tokens of a piece of text. A word of a literal span for which the model itself has a barred token is cut in two, so that it has others.
func (e *encoder) appendPiece(text normalize.Text, literal [][2]int, add func(id int32, at normalize.Span)) {
	var err error
	if e.tokens, err = e.t.model.Tokenize(e.tokens[:0], text.Bytes); err != nil {
		return
	}
	tokens := e.tokens
	for n, k := range tokens {
		at := text.OriginOf(k.Start, k.End)
		_, first := utf8.DecodeRune(text.Bytes[k.Start:k.End])
		if len(literal) == 0 || !e.t.added.barred(k.ID) || !touches(literal, at) || k.Start+first >= k.End {
			add(k.ID, at)
			continue
		}
		rest := slices.Clone(tokens[n+1:])
		e.appendPiece(text.Slice(k.Start, k.Start+first), literal, add)
		e.appendPiece(text.Slice(k.Start+first, k.End), literal, add)
		for _, k := range rest {
			e.appendPiece(text.Slice(k.Start, k.End), literal, add)
		}
		return
	}
}

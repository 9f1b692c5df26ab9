package tokenizer

import (
	"fmt"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// addedTokens finds the tokens that stand outside of the model.
type addedTokens struct {
	byID map[int32]tokenizerjson.AddedToken
	ids  map[string]int32
	top  int // the largest id; -1 without any
	// spelled holds the normalized forms of tokens that are looked for in the normalized text.
	spelled map[int32]string

	literal    finder // looked for in the original text
	normalized finder // looked for in the normalized text
}

// newAddedTokens returns a finder of tokens, or with split set of those that aren't special.
func newAddedTokens(tokens []tokenizerjson.AddedToken, n normalize.Normalizer, split bool) (*addedTokens, error) {
	a := &addedTokens{byID: map[int32]tokenizerjson.AddedToken{}, ids: map[string]int32{}, top: -1, spelled: map[int32]string{}}
	for _, token := range tokens {
		if token.Content == "" {
			continue
		}
		a.byID[token.ID] = token
		a.ids[token.Content] = token.ID
		a.top = max(a.top, int(token.ID))
	}
	for id, token := range a.byID {
		if split && token.Special {
			continue
		}
		if !token.Normalized {
			a.literal.add(token.Content, id)
			continue
		}
		text := normalize.NewText([]byte(token.Content), false)
		if n != nil {
			if err := n.Normalize(&text); err != nil {
				return nil, fmt.Errorf("tokenizer: added token %.80q: %w", token.Content, err)
			}
		}
		a.spelled[id] = string(text.Bytes)
		a.normalized.add(a.spelled[id], id)
	}
	return a, nil
}

// extract splits a text into added tokens and what lies between them, which it normalizes. Tokens that touch a literal span of the text are none.
func (a *addedTokens) extract(text normalize.Text, n normalize.Normalizer, literal [][2]int) ([]pretok.Piece, error) {
	var out []pretok.Piece
	for _, p := range a.split(nil, &text, &a.literal, literal) {
		if p.ID >= 0 {
			out = append(out, p)
			continue
		}
		if n != nil {
			if err := n.Normalize(&p.Text); err != nil {
				return nil, err
			}
		}
		out = a.split(out, &p.Text, &a.normalized, literal)
	}
	return out, nil
}

// split cuts a text at the tokens that f finds. With literal spans the text must track its origin.
func (a *addedTokens) split(dst []pretok.Piece, t *normalize.Text, f *finder, literal [][2]int) []pretok.Piece {
	last := 0
	for m := range f.matches(t.Bytes) {
		if len(literal) > 0 && a.barred(m.id) && touches(literal, t.OriginOf(m.start, m.end)) {
			continue
		}
		start, end, ok := a.widen(t.Bytes, last, m)
		if !ok {
			continue
		}
		if last < start {
			dst = append(dst, pretok.Piece{Text: t.Slice(last, start), ID: -1})
		}
		dst = append(dst, pretok.Piece{Text: t.Slice(start, end), ID: m.id})
		last = end
	}
	if last < len(t.Bytes) {
		dst = append(dst, pretok.Piece{Text: t.Slice(last, len(t.Bytes)), ID: -1})
	}
	return dst
}

// widen applies the rules of an added token to a match of it: the white space
// that it takes in, and whether it may stand there at all.
func (a *addedTokens) widen(b []byte, last int, m match) (start, end int, ok bool) {
	token := a.byID[m.id]
	start, end = m.start, m.end
	if token.SingleWord && (wordBefore(b, start) || wordAfter(b, end)) {
		return 0, 0, false
	}
	if token.LStrip {
		start = max(len(trimRightSpace(b[:start])), last)
	}
	if token.RStrip {
		end = len(b) - len(trimLeftSpace(b[end:]))
	}
	return start, end, true
}

func wordBefore(b []byte, i int) bool {
	r, w := utf8.DecodeLastRune(b[:i])
	return w > 0 && charclass.Is(r, charclass.Word)
}

func wordAfter(b []byte, i int) bool {
	r, w := utf8.DecodeRune(b[i:])
	return w > 0 && charclass.Is(r, charclass.Word)
}

func trimRightSpace(b []byte) []byte {
	for {
		r, w := utf8.DecodeLastRune(b)
		if w == 0 || !charclass.Is(r, charclass.Space) {
			return b
		}
		b = b[:len(b)-w]
	}
}

func trimLeftSpace(b []byte) []byte {
	for {
		r, w := utf8.DecodeRune(b)
		if w == 0 || !charclass.Is(r, charclass.Space) {
			return b
		}
		b = b[w:]
	}
}

// isSpecial reports whether id is left out of decoded text on demand.
func (a *addedTokens) isSpecial(id int32) bool {
	t, ok := a.byID[id]
	return ok && t.Special
}

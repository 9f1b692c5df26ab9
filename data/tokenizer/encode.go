package tokenizer

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// EncodeOptions says what Encode adds to a text and what it cuts off. The zero
// value leaves the text as it is. FileOptions returns what a tokenizer.json asks for.
type EncodeOptions struct {
	AddSpecial bool   // frames the text with special tokens
	Pair       []byte // a second text, framed together with the first; nil for none

	MaxLength    int        // the most tokens, special ones included; 0 sets no bound
	Truncation   Truncation // which of two texts loses tokens; default LongestFirst
	TruncateLeft bool       // cuts off the beginning of a text, not its end
	Overflow     bool       // returns what was cut off as Encoding.Overflow
	Stride       int        // tokens of a text that each window of the overflow has in common with the one before

	PadTo       int  // pads to at least this many tokens
	PadLongest  bool // pads to the longest text of EncodeBatch
	PadMultiple int  // pads to a multiple of this many tokens: of what PadTo or PadLongest asks for, otherwise of the length; 0 and 1 do nothing
	PadLeft     bool // pads before the text, not after it

	Sampling *Sampling // tokens are drawn at random; nil takes the likeliest
}

// Encoding is a text as tokens. Its slices but Overflow have the same length.
type Encoding struct {
	IDs         []int32
	Tokens      []string // as the vocabulary spells them; added tokens and what Unigram does not know as they stand in the text
	Offsets     [][2]int // where each token is in its text, in bytes, widened to whole characters
	SpecialMask []bool   // true for tokens that frame or pad the text
	TypeIDs     []int32  // 0 for the first text and its frame, mostly 1 for the second
	Padding     []bool   // true for tokens that pad the text

	// Overflow holds the windows over the rest of a text that was cut, framed
	// and padded as it is. Of two texts that were cut, each window over the one
	// comes with each over the other.
	Overflow []Encoding
}

// Len returns the number of tokens.
func (e *Encoding) Len() int { return len(e.IDs) }

// Encode turns text into tokens.
func (t *Tokenizer) Encode(text []byte, o EncodeOptions) (Encoding, error) {
	e, err := t.encode(text, o)
	if err == nil {
		err = t.pad(&e, o, e.Len())
	}
	return e, err
}

// encode is Encode without padding.
func (t *Tokenizer) encode(text []byte, o EncodeOptions) (Encoding, error) {
	if err := o.Validate(); err != nil {
		return Encoding{}, err
	}
	texts, frame := [][]byte{text}, t.plan.Single
	if o.Pair != nil {
		texts, frame = append(texts, o.Pair), t.plan.Pair
	}
	tokens := make([][]placed, len(texts))
	for i, text := range texts {
		var err error
		if tokens[i], err = t.tokenize(text, o.Sampling); err != nil {
			return Encoding{}, err
		}
	}
	windows, err := truncate(tokens, frame, o)
	if err != nil {
		return Encoding{}, err
	}
	if t.plan.TrimOffsets {
		for i := range windows {
			for _, w := range windows[i] {
				trimOffsets(texts[i], w, t.plan.AddPrefixSpace)
			}
		}
	}
	choices := combine(frame, windows)
	e := assemble(frame, windows, choices[0], o.AddSpecial)
	for _, c := range choices[1:] {
		e.Overflow = append(e.Overflow, assemble(frame, windows, c, o.AddSpecial))
	}
	return e, nil
}

// combine returns the ways to choose a window for each piece of a frame, the
// first windows first. The others come as if the frame was put together piece
// by piece: each time, what has overflowed before goes with all windows of
// the piece, and then the first one with the overflow of the piece.
func combine(frame []postprocess.Piece, windows [][][]placed) [][]int {
	first, rest := []int{}, [][]int(nil)
	with := func(choice []int, w int) []int { return append(choice[:len(choice):len(choice)], w) }
	for _, piece := range frame {
		n := 1
		if piece.Sequence >= 0 {
			n = len(windows[piece.Sequence])
		}
		var next [][]int
		for _, choice := range rest {
			for w := range n {
				next = append(next, with(choice, w))
			}
		}
		for w := 1; w < n; w++ {
			next = append(next, with(first, w))
		}
		first, rest = with(first, 0), next
	}
	return append([][]int{first}, rest...)
}

// assemble frames the chosen windows.
func assemble(frame []postprocess.Piece, windows [][][]placed, choice []int, addSpecial bool) (e Encoding) {
	for i, piece := range frame {
		if piece.Sequence < 0 {
			if addSpecial {
				e.add(piece.ID, piece.Token, [2]int{}, true, piece.TypeID)
			}
			continue
		}
		for _, token := range windows[piece.Sequence][choice[i]] {
			e.add(token.id, token.name, token.at, false, piece.TypeID)
		}
	}
	e.Padding = make([]bool, e.Len())
	return e
}

func (e *Encoding) add(id int32, token string, at [2]int, special bool, typeID int32) {
	e.IDs = append(e.IDs, id)
	e.Tokens = append(e.Tokens, token)
	e.Offsets = append(e.Offsets, at)
	e.SpecialMask = append(e.SpecialMask, special)
	e.TypeIDs = append(e.TypeIDs, typeID)
}

// placed is a token with its place in the original text.
type placed struct {
	id   int32
	name string
	at   [2]int
}

// tokenize runs a text through all steps, one after another: the plain way, which knows where each token came from.
func (t *Tokenizer) tokenize(text []byte, s *Sampling) ([]placed, error) {
	pieces, err := t.split(normalize.NewText(text, true), nil)
	if err != nil {
		return nil, err
	}
	words, err := t.sampler(s)
	if err != nil {
		return nil, err
	}
	var out []placed
	var tokens []model.Token
	unigram, isUnigram := t.model.(*model.Unigram)
	for i := range pieces {
		p := &pieces[i]
		if p.ID >= 0 {
			at := p.Text.OriginOf(0, len(p.Text.Bytes))
			out = append(out, placed{p.ID, string(p.Text.Bytes), [2]int{at.Start, at.End}})
			continue
		}
		if tokens, err = words(tokens[:0], p.Text.Bytes); err != nil {
			return nil, err
		}
		for _, k := range tokens {
			at := p.Text.OriginOf(k.Start, k.End)
			name, _ := t.model.Vocab().Token(k.ID)
			if isUnigram && k.ID == unigram.Unknown() {
				name = string(p.Text.Bytes[k.Start:k.End])
			}
			out = append(out, placed{k.ID, name, [2]int{at.Start, at.End}})
		}
	}
	return out, nil
}

// split finds the added tokens of a text, but for those in literal spans, normalizes the rest and splits it into words.
func (t *Tokenizer) split(text normalize.Text, literal [][2]int) ([]pretok.Piece, error) {
	pieces, err := t.added.extract(text, t.normalizer, literal)
	if err == nil && t.splitter != nil {
		pieces, err = t.splitter.PreTokenize(pieces)
	}
	return pieces, err
}

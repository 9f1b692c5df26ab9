package tokenizer

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/pretok"
)

// EncodeOptions says what Encode adds to a text and what it cuts off.
type EncodeOptions struct {
	AddSpecial bool // frames the text with special tokens; default false
}

// Encoding is a text as tokens. All its slices have the same length.
type Encoding struct {
	IDs         []int32
	Tokens      []string // as the vocabulary spells them; added tokens and what Unigram does not know as they stand in the text
	Offsets     [][2]int // where each token is in the original text, in bytes, widened to whole characters
	SpecialMask []bool   // true for tokens that frame the text
	TypeIDs     []int32  // 0 for the first text and its frame, mostly 1 for the second
}

// Len returns the number of tokens.
func (e *Encoding) Len() int { return len(e.IDs) }

// Encode turns text into tokens.
func (t *Tokenizer) Encode(text []byte, o EncodeOptions) (Encoding, error) {
	tokens, err := t.tokenize(text)
	if err != nil {
		return Encoding{}, err
	}
	var e Encoding
	for _, piece := range t.plan.Single {
		if piece.Sequence < 0 {
			if o.AddSpecial {
				e.add(piece.ID, piece.Token, [2]int{}, true, piece.TypeID)
			}
			continue
		}
		for _, token := range tokens {
			e.add(token.id, token.name, token.at, false, piece.TypeID)
		}
	}
	return e, nil
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
func (t *Tokenizer) tokenize(text []byte) ([]placed, error) {
	pieces, err := t.split(normalize.NewText(text, true))
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
		if tokens, err = t.model.Tokenize(tokens[:0], p.Text.Bytes); err != nil {
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
	if t.plan.TrimOffsets {
		trimOffsets(text, out, t.plan.AddPrefixSpace)
	}
	return out, nil
}

// split finds the added tokens of a text, normalizes the rest and splits it into words.
func (t *Tokenizer) split(text normalize.Text) ([]pretok.Piece, error) {
	pieces, err := t.added.extract(text, t.normalizer)
	if err == nil && t.splitter != nil {
		pieces, err = t.splitter.PreTokenize(pieces)
	}
	return pieces, err
}

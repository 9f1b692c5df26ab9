package tokenizer

import (
	"bytes"
	"fmt"
	"math/rand/v2"

	"github.com/seahorse-ml/seahorse/data/tokenizer/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/pretok"
)

// EncodeOptions says what Encode adds to a text and what it cuts off. The zero
// value leaves the text as it is.
type EncodeOptions struct {
	AddSpecial bool   // frames the text with special tokens
	Pair       []byte // a second text, framed together with the first; nil for none

	MaxLength    int  // the most tokens, special ones included; the longer text loses more; 0 sets no bound
	TruncateLeft bool // cuts off the beginning of a text, not its end

	PadTo      int  // pads to at least this many tokens
	PadLongest bool // EncodeBatch pads to the longest of the texts
	PadLeft    bool // pads before the text, not after it

	Sampling *Sampling // tokens are drawn at random; nil takes the likeliest
}

// Sampling draws one of the ways to take a text apart, for regularisation.
type Sampling struct {
	Seed    uint64  // the same seed gives the same tokens
	Dropout float64 // chance to pass over a merge of a BPE (Provilkov et al. 2020)
	Alpha   float64 // smoothing of a Unigram model's probabilities (Kudo 2018): 0 draws all ways alike, 1 as they are likely
}

// Encoding is a text as tokens. All its slices have the same length.
type Encoding struct {
	IDs         []int32
	Tokens      []string // as the vocabulary spells them; added tokens and what Unigram does not know as they stand in the text
	Offsets     [][2]int // where each token is in its text, in bytes, widened to whole characters
	SpecialMask []bool   // true for tokens that frame or pad the text
	TypeIDs     []int32  // 0 for the first text and its frame, mostly 1 for the second
	Padding     []bool   // true for tokens that pad the text
}

// Len returns the number of tokens.
func (e *Encoding) Len() int { return len(e.IDs) }

// Encode turns text into tokens.
func (t *Tokenizer) Encode(text []byte, o EncodeOptions) (Encoding, error) {
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
	if o.MaxLength > 0 {
		added := 0
		for _, piece := range frame {
			if piece.Sequence < 0 && o.AddSpecial {
				added++
			}
		}
		if o.MaxLength < added {
			return Encoding{}, fmt.Errorf("tokenizer: encode: a maximum of %d tokens leaves no room for %d special ones", o.MaxLength, added)
		}
		truncate(tokens, o.MaxLength-added, o.TruncateLeft)
	}
	if t.plan.TrimOffsets {
		for i := range tokens {
			trimOffsets(texts[i], tokens[i], t.plan.AddPrefixSpace)
		}
	}
	var e Encoding
	for _, piece := range frame {
		if piece.Sequence < 0 {
			if o.AddSpecial {
				e.add(piece.ID, piece.Token, [2]int{}, true, piece.TypeID)
			}
			continue
		}
		for _, token := range tokens[piece.Sequence] {
			e.add(token.id, token.name, token.at, false, piece.TypeID)
		}
	}
	e.Padding = make([]bool, e.Len())
	return e, t.pad(&e, o.PadTo, o.PadLeft)
}

// truncate leaves at most n tokens of one or two texts: the longer one loses
// tokens first, and if both are longer than half, each keeps half.
func truncate(tokens [][]placed, n int, left bool) {
	cut := func(i, n int) {
		if k := tokens[i]; len(k) > n {
			if left {
				tokens[i] = k[len(k)-n:]
			} else {
				tokens[i] = k[:n]
			}
		}
	}
	if len(tokens) == 1 {
		cut(0, n)
		return
	}
	short, long := 0, 1
	if len(tokens[0]) > len(tokens[1]) {
		short, long = 1, 0
	}
	if a := len(tokens[short]); a > n/2 {
		cut(short, n/2)
		cut(long, n-n/2)
	} else {
		cut(long, n-a)
	}
}

func (e *Encoding) add(id int32, token string, at [2]int, special bool, typeID int32) {
	e.IDs = append(e.IDs, id)
	e.Tokens = append(e.Tokens, token)
	e.Offsets = append(e.Offsets, at)
	e.SpecialMask = append(e.SpecialMask, special)
	e.TypeIDs = append(e.TypeIDs, typeID)
}

// pad lengthens e to n tokens.
func (t *Tokenizer) pad(e *Encoding, n int, left bool) error {
	more := n - e.Len()
	if more <= 0 {
		return nil
	}
	id, name, ok := t.padToken()
	if !ok {
		return fmt.Errorf("tokenizer: encode: no token to pad with: the settings name no pad_token")
	}
	p := Encoding{Padding: make([]bool, more)}
	for i := range more {
		p.add(id, name, [2]int{}, true, 0)
		p.Padding[i] = true
	}
	a, b := e, &p
	if left {
		a, b = b, a
	}
	*e = Encoding{
		IDs: append(a.IDs, b.IDs...), Tokens: append(a.Tokens, b.Tokens...), Offsets: append(a.Offsets, b.Offsets...),
		SpecialMask: append(a.SpecialMask, b.SpecialMask...), TypeIDs: append(a.TypeIDs, b.TypeIDs...), Padding: append(a.Padding, b.Padding...),
	}
	return nil
}

func (t *Tokenizer) padToken() (int32, string, bool) {
	if name, ok := namedToken(t.settings, "pad_token"); ok {
		id, ok := t.ID(name)
		return id, name, ok
	}
	if p := t.file.Padding; p != nil {
		return p.PadID, p.PadToken, true
	}
	return 0, "", false
}

// placed is a token with its place in the original text.
type placed struct {
	id   int32
	name string
	at   [2]int
}

// tokenize runs a text through all steps, one after another: the plain way, which knows where each token came from.
func (t *Tokenizer) tokenize(text []byte, s *Sampling) ([]placed, error) {
	pieces, err := t.split(normalize.NewText(text, true))
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

// sampler returns the function that takes words apart.
func (t *Tokenizer) sampler(s *Sampling) (func(dst []model.Token, word []byte) ([]model.Token, error), error) {
	if s == nil {
		return t.model.Tokenize, nil
	}
	random := rand.New(rand.NewPCG(s.Seed, 0x736561686f727365))
	switch m := t.model.(type) {
	case *model.BPE:
		if !(s.Dropout >= 0 && s.Dropout <= 1) {
			return nil, fmt.Errorf("tokenizer: encode: dropout must be between 0 and 1, got %g", s.Dropout)
		}
		sample := func(dst []model.Token, word []byte) ([]model.Token, error) {
			return m.Sample(dst, word, s.Dropout, random.Float64)
		}
		if t.cut == cutSpaces && !m.Config().Bytes {
			return eachMarked(sample), nil
		}
		return sample, nil
	case *model.Unigram:
		if !(s.Alpha >= 0) {
			return nil, fmt.Errorf("tokenizer: encode: alpha must be at least 0, got %g", s.Alpha)
		}
		return func(dst []model.Token, word []byte) ([]model.Token, error) {
			return m.Sample(dst, word, s.Alpha, random.Float64)
		}, nil
	}
	return nil, fmt.Errorf("tokenizer: encode: only BPE and Unigram models can draw tokens at random, not a %T", t.model)
}

// eachMarked applies do to the words of a text in which marks stand for spaces.
// A merge that is passed over comes up again as long as others are left: in a
// whole text, hardly one would be passed over for good.
func eachMarked(do func(dst []model.Token, word []byte) ([]model.Token, error)) func(dst []model.Token, text []byte) ([]model.Token, error) {
	return func(dst []model.Token, text []byte) ([]model.Token, error) {
		for i := 0; i < len(text); {
			end := i + 1
			for end < len(text) && !(isPrintable(text[end-1]) && bytes.HasPrefix(text[end:], []byte(metaMark))) {
				end++
			}
			n := len(dst)
			var err error
			if dst, err = do(dst, text[i:end]); err != nil {
				return dst, err
			}
			for k := n; k < len(dst); k++ {
				dst[k].Start += i
				dst[k].End += i
			}
			i = end
		}
		return dst, nil
	}
}

// split finds the added tokens of a text, normalizes the rest and splits it into words.
func (t *Tokenizer) split(text normalize.Text) ([]pretok.Piece, error) {
	pieces, err := t.added.extract(text, t.normalizer)
	if err == nil && t.splitter != nil {
		pieces, err = t.splitter.PreTokenize(pieces)
	}
	return pieces, err
}

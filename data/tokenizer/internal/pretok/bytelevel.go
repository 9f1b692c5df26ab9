package pretok

import (
	"bytes"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
)

// ByteLevel splits by GPT-2's pattern and spells the bytes of the text in the
// byte-level alphabet.
type ByteLevel struct {
	AddPrefixSpace bool `json:"add_prefix_space"`
	TrimOffsets    bool `json:"trim_offsets"`
	UseRegex       bool `json:"use_regex"`
	// Raw leaves the bytes as they are, for a model that takes bytes.
	Raw bool `json:"-"`
}

// PreTokenize implements PreTokenizer.
func (p ByteLevel) PreTokenize(pieces []Piece) ([]Piece, error) {
	out, err := each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		if p.AddPrefixSpace && !bytes.HasPrefix(t.Bytes, []byte(" ")) {
			t.Prepend(" ")
		}
		if !p.UseRegex {
			return append(dst, Piece{*t, -1}), nil
		}
		return scan(dst, t, ScanGPT2), nil
	})
	if p.Raw {
		return out, err
	}
	for i := range out {
		if out[i].ID < 0 {
			spell(&out[i].Text)
		}
	}
	return out, err
}

// scan splits t by a scanner.
func scan(dst []Piece, t *normalize.Text, s Scanner) []Piece {
	for i := 0; i < len(t.Bytes); {
		end := s(t.Bytes, i)
		dst = append(dst, Piece{t.Slice(i, end), -1})
		i = end
	}
	return dst
}

// spell writes each byte of t as the character that stands for it.
func spell(t *normalize.Text) {
	b := t.Bytes
	e := t.Edit()
	for i := 0; i < len(b); {
		_, w := utf8.DecodeRune(b[i:])
		e.Replace(model.ByteRune(b[i]), w)
		for _, c := range b[i+1 : i+w] {
			e.Insert(model.ByteRune(c))
		}
		i += w
	}
	e.Done()
}

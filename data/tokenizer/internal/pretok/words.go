package pretok

import (
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
)

func isSpace(r rune) bool { return charclass.Is(r, charclass.Space) }

func isPunctuation(r rune) bool { return charclass.Is(r, charclass.Punctuation) }

// Bert splits at white space and isolates punctuation.
type Bert struct{}

// PreTokenize implements PreTokenizer.
func (Bert) PreTokenize(pieces []Piece) ([]Piece, error) {
	pieces, err := splitByRune(pieces, Removed, isSpace)
	if err != nil {
		return nil, err
	}
	return splitByRune(pieces, Isolated, isPunctuation)
}

// WhitespaceSplit splits at white space.
type WhitespaceSplit struct{}

// PreTokenize implements PreTokenizer.
func (WhitespaceSplit) PreTokenize(pieces []Piece) ([]Piece, error) {
	return splitByRune(pieces, Removed, isSpace)
}

// Whitespace splits into runs of word characters and runs of anything else but white space.
type Whitespace struct{}

// PreTokenize implements PreTokenizer.
func (Whitespace) PreTokenize(pieces []Piece) ([]Piece, error) {
	kind := func(r rune) int {
		switch c := charclass.Of(r); {
		case c&charclass.Word != 0:
			return 1
		case c&charclass.Space != 0:
			return 0
		}
		return 2
	}
	return each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		var out []section
		last := -1
		for _, s := range sectionsByRune(t.Bytes, func(rune) bool { return true }) {
			k := kind(firstRune(t.Bytes[s.start:]))
			if n := len(out); n > 0 && k == last {
				out[n-1].end = s.end
			} else {
				out = append(out, section{s.start, s.end, k == 0})
			}
			last = k
		}
		return divide(dst, t, out, Removed), nil
	})
}

// Punctuation splits at punctuation.
type Punctuation struct {
	Behavior Behavior `json:"behavior"`
}

// PreTokenize implements PreTokenizer.
func (p Punctuation) PreTokenize(pieces []Piece) ([]Piece, error) {
	return splitByRune(pieces, p.Behavior, isPunctuation)
}

// Digits splits numbers from the rest.
type Digits struct {
	IndividualDigits bool `json:"individual_digits"` // each digit stands alone
}

// PreTokenize implements PreTokenizer.
func (p Digits) PreTokenize(pieces []Piece) ([]Piece, error) {
	b := Contiguous
	if p.IndividualDigits {
		b = Isolated
	}
	return splitByRune(pieces, b, func(r rune) bool { return charclass.Is(r, charclass.Numeric) })
}

// CharDelimiterSplit splits at a character.
type CharDelimiterSplit struct {
	Delimiter string `json:"delimiter"`
}

// PreTokenize implements PreTokenizer.
func (p CharDelimiterSplit) PreTokenize(pieces []Piece) ([]Piece, error) {
	d := firstRune([]byte(p.Delimiter))
	return splitByRune(pieces, Removed, func(r rune) bool { return r == d })
}

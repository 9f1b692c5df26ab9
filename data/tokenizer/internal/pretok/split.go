package pretok

import (
	"bytes"
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

// Split splits at the matches of a pattern, or with Invert at what lies between them.
type Split struct {
	Pattern  pattern.Pattern `json:"pattern"`
	Behavior Behavior        `json:"behavior"`
	Invert   bool            `json:"invert"`
}

// Scanner returns the scanner that does the same, nil if there is none.
func (p Split) Scanner() Scanner {
	if p.Behavior != Isolated && (p.Behavior != Removed || !p.Invert) {
		return nil
	}
	switch p.Pattern.Regex {
	case GPT2Pattern:
		return ScanGPT2
	case CL100KPattern:
		return ScanCL100K
	case QwenPattern:
		return ScanQwen
	}
	return nil
}

// PreTokenize implements PreTokenizer.
func (p Split) PreTokenize(pieces []Piece) ([]Piece, error) {
	scanner := p.Scanner()
	return each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		if scanner != nil {
			return scan(dst, t, scanner), nil
		}
		found, err := p.Pattern.Find(t.Bytes)
		if err != nil {
			return nil, err
		}
		return divide(dst, t, sections(found, len(t.Bytes), p.Invert), p.Behavior), nil
	})
}

// sections covers n bytes with the matches found and what lies between.
func sections(found [][2]int, n int, invert bool) []section {
	out := make([]section, 0, 2*len(found)+1)
	last := 0
	for _, m := range found {
		if last < m[0] {
			out = append(out, section{last, m[0], invert})
		}
		out = append(out, section{m[0], m[1], !invert})
		last = m[1]
	}
	if last < n {
		out = append(out, section{last, n, invert})
	}
	return out
}

// Scheme says when Metaspace puts its replacement before a text.
type Scheme string

// The schemes, by the names that tokenizer.json has for them.
const (
	Always Scheme = "always"
	First  Scheme = "first" // at the beginning of the original text
	Never  Scheme = "never"
)

// Metaspace replaces spaces by a visible character and splits before it.
type Metaspace struct {
	Replacement   string `json:"replacement"`
	PrependScheme Scheme `json:"prepend_scheme"`
	Split         bool   `json:"split"`
}

// UnmarshalJSON also reads files that have add_prefix_space in the place of a scheme.
func (p *Metaspace) UnmarshalJSON(b []byte) error {
	type plain Metaspace
	f := struct {
		*plain
		AddPrefixSpace *bool `json:"add_prefix_space"`
	}{plain: (*plain)(p)}
	if err := json.Unmarshal(b, &f); err != nil {
		return err
	}
	if f.AddPrefixSpace != nil && !*f.AddPrefixSpace {
		p.PrependScheme = Never
	}
	return p.Validate()
}

// Validate returns an error unless p has a known scheme and replaces by one character.
func (p Metaspace) Validate() error {
	if s := p.PrependScheme; s != Always && s != First && s != Never {
		return fmt.Errorf("pretok: Metaspace: prepend_scheme must be always, first or never, got %.80q", string(s))
	}
	if utf8.RuneCountInString(p.Replacement) != 1 {
		return fmt.Errorf("pretok: Metaspace: the replacement must be one character, got %.80q", p.Replacement)
	}
	return nil
}

// PreTokenize implements PreTokenizer.
func (p Metaspace) PreTokenize(pieces []Piece) ([]Piece, error) {
	space := pattern.Literal(" ")
	mark := []byte(p.Replacement)
	return each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		found, err := space.Find(t.Bytes)
		if err != nil {
			return nil, err
		}
		if len(found) > 0 {
			t.ReplaceAll(found, p.Replacement)
		}
		if !bytes.HasPrefix(t.Bytes, mark) && (p.PrependScheme == Always || p.PrependScheme == First && t.Origin == 0) {
			t.Prepend(p.Replacement)
		}
		if !p.Split {
			return append(dst, Piece{*t, -1}), nil
		}
		r := firstRune(mark)
		return divide(dst, t, sectionsByRune(t.Bytes, func(c rune) bool { return c == r }), MergedWithNext), nil
	})
}

func firstRune(b []byte) rune {
	r, _ := utf8.DecodeRune(b)
	return r
}

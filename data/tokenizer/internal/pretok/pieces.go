// Package pretok splits text into the words that a model turns into tokens.
package pretok

import (
	"fmt"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
)

// Piece is a part of a text: one that is still to be tokenized, or an added token.
type Piece struct {
	Text normalize.Text
	ID   int32 // of the added token; -1 for text
}

// PreTokenizer splits the pieces that are text further.
type PreTokenizer interface {
	PreTokenize(pieces []Piece) ([]Piece, error)
}

// Sequence applies one pre-tokenizer after another.
type Sequence []PreTokenizer

// PreTokenize implements PreTokenizer.
func (s Sequence) PreTokenize(pieces []Piece) ([]Piece, error) {
	var err error
	for _, p := range s {
		if pieces, err = p.PreTokenize(pieces); err != nil {
			return nil, err
		}
		n := 0
		for i := range pieces {
			n += len(pieces[i].Text.Bytes)
		}
		if n > 0 {
			if err := pieces[0].Text.MayGrow(n); err != nil {
				return nil, err
			}
		}
	}
	return pieces, nil
}

// Behavior says what becomes of the parts of a text that match a pattern.
type Behavior string

// The behaviors, by the names that tokenizer.json has for them.
const (
	Removed            Behavior = "Removed"
	Isolated           Behavior = "Isolated"
	MergedWithPrevious Behavior = "MergedWithPrevious"
	MergedWithNext     Behavior = "MergedWithNext"
	Contiguous         Behavior = "Contiguous"
)

// Validate returns an error unless b is one of the behaviors.
func (b Behavior) Validate() error {
	switch b {
	case Removed, Isolated, MergedWithPrevious, MergedWithNext, Contiguous:
		return nil
	}
	return fmt.Errorf("pretok: behavior must be Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous, got %.80q", string(b))
}

// section is a part of a text that matches a pattern or lies between matches.
type section struct {
	start, end int
	match      bool
}

// divide splits a text by the sections of it, which cover it.
func divide(dst []Piece, t *normalize.Text, sections []section, b Behavior) []Piece {
	kept := sections[:0:0]
	previous := false
	switch b {
	case Removed:
		for _, s := range sections {
			if !s.match {
				kept = append(kept, s)
			}
		}
	case Isolated:
		kept = sections
	case Contiguous:
		for _, s := range sections {
			if n := len(kept); n > 0 && s.match == previous {
				kept[n-1].end = s.end
			} else {
				kept = append(kept, s)
			}
			previous = s.match
		}
	case MergedWithPrevious:
		for _, s := range sections {
			if n := len(kept); n > 0 && s.match && !previous {
				kept[n-1].end = s.end
			} else {
				kept = append(kept, s)
			}
			previous = s.match
		}
	case MergedWithNext:
		for i := len(sections) - 1; i >= 0; i-- {
			s := sections[i]
			if n := len(kept); n > 0 && s.match && !previous {
				kept[n-1].start = s.start
			} else {
				kept = append(kept, s)
			}
			previous = s.match
		}
		for i, j := 0, len(kept)-1; i < j; i, j = i+1, j-1 {
			kept[i], kept[j] = kept[j], kept[i]
		}
	}
	for _, s := range kept {
		if s.start < s.end {
			dst = append(dst, Piece{t.Slice(s.start, s.end), -1})
		}
	}
	return dst
}

// each applies split to every piece that is text.
func each(pieces []Piece, split func(dst []Piece, t *normalize.Text) ([]Piece, error)) ([]Piece, error) {
	out := make([]Piece, 0, len(pieces))
	for i := range pieces {
		if pieces[i].ID >= 0 {
			out = append(out, pieces[i])
			continue
		}
		var err error
		if out, err = split(out, &pieces[i].Text); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// sectionsByRune makes a section of every character that is a delimiter, and of what lies between.
func sectionsByRune(b []byte, delimiter func(r rune) bool) []section {
	var out []section
	last := 0
	for i := 0; i < len(b); {
		r, w := utf8.DecodeRune(b[i:])
		if delimiter(r) {
			if last < i {
				out = append(out, section{last, i, false})
			}
			out = append(out, section{i, i + w, true})
			last = i + w
		}
		i += w
	}
	if last < len(b) {
		out = append(out, section{last, len(b), false})
	}
	return out
}

func splitByRune(pieces []Piece, b Behavior, delimiter func(r rune) bool) ([]Piece, error) {
	return each(pieces, func(dst []Piece, t *normalize.Text) ([]Piece, error) {
		return divide(dst, t, sectionsByRune(t.Bytes, delimiter), b), nil
	})
}

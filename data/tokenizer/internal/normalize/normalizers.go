package normalize

import (
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

// each calls do for every character of t; do tells e what becomes of it.
func (t *Text) each(do func(e *Editor, r rune, w int)) {
	b := t.Bytes
	e := t.Edit()
	for i := 0; i < len(b); {
		r, w := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && w == 1 {
			e.Keep(1)
		} else {
			do(e, r, w)
		}
		i += w
	}
	e.Done()
}

// filter keeps the characters for which keep is true.
func (t *Text) filter(keep func(r rune) bool) {
	t.each(func(e *Editor, r rune, w int) {
		if keep(r) {
			e.Keep(w)
		} else {
			e.Drop(w)
		}
	})
}

// Lowercase turns letters into lower case.
type Lowercase struct{}

// Normalize implements Normalizer.
func (Lowercase) Normalize(t *Text) error {
	t.each(func(e *Editor, r rune, w int) {
		first, second := charclass.ToLower(r)
		if first == r {
			e.Keep(w)
			return
		}
		e.Replace(first, w)
		if second != 0 {
			e.Insert(second)
		}
	})
	return nil
}

// Strip removes white space from the ends.
type Strip struct {
	Left  bool `json:"strip_left"`
	Right bool `json:"strip_right"`
}

// Normalize implements Normalizer.
func (n Strip) Normalize(t *Text) error {
	start, end := 0, len(t.Bytes)
	for n.Left && start < end {
		r, w := utf8.DecodeRune(t.Bytes[start:])
		if !charclass.Is(r, charclass.Space) {
			break
		}
		start += w
	}
	for n.Right && start < end {
		r, w := utf8.DecodeLastRune(t.Bytes[:end])
		if !charclass.Is(r, charclass.Space) {
			break
		}
		end -= w
	}
	t.cut(start, end)
	return nil
}

// cut drops what is outside of bytes start to end. The text still begins where it did.
func (t *Text) cut(start, end int) {
	if start == 0 && end == len(t.Bytes) {
		return
	}
	t.materialize()
	t.Bytes = t.Bytes[start:end]
	if t.tracked {
		t.spans = t.spans[start:end]
	}
}

// StripAccents removes combining marks.
type StripAccents struct{}

// Normalize implements Normalizer.
func (StripAccents) Normalize(t *Text) error {
	t.filter(func(r rune) bool { return !charclass.Is(r, charclass.Combining) })
	return nil
}

// Prepend puts a string before a text that is not empty.
type Prepend struct {
	Prepend string `json:"prepend"`
}

// Normalize implements Normalizer.
func (n Prepend) Normalize(t *Text) error {
	t.Prepend(n.Prepend)
	return nil
}

// Replace replaces the matches of a pattern.
type Replace struct {
	Pattern pattern.Pattern `json:"pattern"`
	Content string          `json:"content"`
}

// Normalize implements Normalizer.
func (n Replace) Normalize(t *Text) error {
	found, err := n.Pattern.Find(t.Bytes)
	if err != nil || len(found) == 0 {
		return err
	}
	if err := t.MayGrow(len(found) * len(n.Content)); err != nil {
		return err
	}
	t.ReplaceAll(found, n.Content)
	return nil
}

// ReplaceAll replaces the given ranges, which are in order, by content. It
// inherits the origin of the last byte that it replaces.
func (t *Text) ReplaceAll(ranges [][2]int, content string) {
	e := t.Edit()
	for _, m := range ranges {
		e.Keep(m[0] - e.pos)
		e.Drop(m[1] - m[0])
		for _, r := range content {
			e.Insert(r)
		}
	}
	e.Keep(len(t.Bytes) - e.pos)
	e.Done()
}

// Nmt removes control characters and turns unusual white space into spaces, as
// the normalization of neural machine translation in SentencePiece does.
type Nmt struct{}

// Normalize implements Normalizer.
func (Nmt) Normalize(t *Text) error {
	t.each(func(e *Editor, r rune, w int) {
		switch {
		case 1 <= r && r <= 8, r == 0xb, 0xe <= r && r <= 0x1f, r == 0x7f, r == 0x8f, r == 0x9f:
			e.Drop(w)
		case r == '\t', r == '\n', r == 0xc, r == '\r', r == 0x1680, 0x200b <= r && r <= 0x200f, r == 0x2028, r == 0x2029,
			r == 0x2581, r == 0xfeff, r == 0xfffd:
			e.Replace(' ', w)
		default:
			e.Keep(w)
		}
	})
	return nil
}

// Bert is the normalization of BERT.
type Bert struct {
	CleanText          bool  `json:"clean_text"`           // removes control characters, makes white space spaces
	HandleChineseChars bool  `json:"handle_chinese_chars"` // puts spaces around ideographs
	StripAccents       *bool `json:"strip_accents"`        // removes accents; where it is absent, if Lowercase is set
	Lowercase          bool  `json:"lowercase"`
}

// Normalize implements Normalizer.
func (n Bert) Normalize(t *Text) error {
	if n.CleanText {
		t.each(func(e *Editor, r rune, w int) {
			switch c := charclass.Of(r); {
			case r == 0 || r == utf8.RuneError || c&charclass.Control != 0:
				e.Drop(w)
			case c&charclass.Space != 0:
				e.Replace(' ', w)
			default:
				e.Keep(w)
			}
		})
	}
	if n.HandleChineseChars {
		t.each(func(e *Editor, r rune, w int) {
			if !isIdeograph(r) {
				e.Keep(w)
				return
			}
			e.Replace(' ', w)
			e.Insert(r)
			e.Insert(' ')
		})
	}
	if n.StripAccents != nil && *n.StripAccents || n.StripAccents == nil && n.Lowercase {
		if err := NFD.Normalize(t); err != nil {
			return err
		}
		t.filter(func(r rune) bool { return !charclass.Is(r, charclass.Accent) })
	}
	if n.Lowercase {
		return Lowercase{}.Normalize(t)
	}
	return nil
}

// isIdeograph reports whether r is in one of the blocks that BERT takes for Chinese.
func isIdeograph(r rune) bool {
	switch {
	case r < 0x3400:
		return false
	case r <= 0x4dbf, 0x4e00 <= r && r <= 0x9fff, 0xf900 <= r && r <= 0xfaff, 0x20000 <= r && r <= 0x2a6df,
		0x2a700 <= r && r <= 0x2b73f, 0x2b740 <= r && r <= 0x2b81f, 0x2b920 <= r && r <= 0x2ceaf, 0x2f800 <= r && r <= 0x2fa1f:
		return true
	}
	return false
}

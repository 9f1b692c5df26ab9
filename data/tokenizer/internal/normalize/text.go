// Package normalize rewrites text before it is split and tokenized, and keeps
// for every byte of the result the bytes of the original that it came from.
//
// The normalizers and their alignments follow those of the Hugging Face
// tokenizers library, including which Unicode version each of them knows.
package normalize

import (
	"fmt"
	"unicode/utf8"
)

// Span is a half-open range of bytes in the original text.
type Span struct{ Start, End int }

// Text is a piece of text on its way from the original to the model.
type Text struct {
	// Bytes is the text as it is now.
	Bytes []byte
	// Origin is the offset in the original at which this piece begins.
	Origin int

	tracked bool
	most    int // bytes that the text may grow to
	// spans[i] is the origin of Bytes[i]. It is nil while every character still
	// stands where it stood in the original, counted from Origin.
	spans []Span
}

// A text may grow to growth times its first size, and by slack bytes:
// rewriting steps that feed each other would fill the memory otherwise. What
// Unicode's decompositions lengthen most grows elevenfold.
const (
	growth = 64
	slack  = 1 << 16
)

// NewText wraps the original text b. Only a tracked text can tell where its
// bytes came from; one that is not is cheaper to rewrite.
func NewText(b []byte, tracked bool) Text {
	return Text{Bytes: b, tracked: tracked, most: growth*len(b) + slack}
}

// MayGrow returns an error if t, or several pieces of it together, must not have n bytes.
func (t *Text) MayGrow(n int) error {
	if n > t.most {
		return fmt.Errorf("normalize: a text must not grow to more than %d bytes", t.most)
	}
	return nil
}

// Slice returns the piece of t from byte i to byte j, both on character boundaries.
func (t *Text) Slice(i, j int) Text {
	s := Text{Bytes: t.Bytes[i:j], Origin: t.Origin + i, tracked: t.tracked, most: t.most}
	if t.spans != nil {
		s.spans = t.spans[i:j]
		if i < j {
			s.Origin = t.spans[i].Start
		}
	}
	return s
}

// OriginOf returns the range of the original that bytes i to j of t came from.
// It is widened to whole characters. The text must be tracked.
func (t *Text) OriginOf(i, j int) Span {
	if i >= j {
		return Span{t.Origin + i, t.Origin + i}
	}
	if t.spans != nil {
		return Span{t.spans[i].Start, t.spans[j-1].End}
	}
	start, _ := runeBounds(t.Bytes, i)
	_, end := runeBounds(t.Bytes, j-1)
	return Span{t.Origin + start, t.Origin + end}
}

// runeBounds returns the character of b that byte i belongs to; a byte that is
// part of no valid character stands alone.
func runeBounds(b []byte, i int) (start, end int) {
	if b[i] < utf8.RuneSelf {
		return i, i + 1
	}
	for start = i; start > 0 && i-start < utf8.UTFMax-1 && !utf8.RuneStart(b[start]); start-- {
	}
	if _, w := utf8.DecodeRune(b[start:]); start+w > i {
		return start, start + w
	}
	return i, i + 1
}

// materialize gives every byte of t its span.
func (t *Text) materialize() {
	if t.spans != nil || !t.tracked {
		return
	}
	t.spans = make([]Span, len(t.Bytes))
	for i := 0; i < len(t.Bytes); {
		_, w := utf8.DecodeRune(t.Bytes[i:])
		for j := range w {
			t.spans[i+j] = Span{t.Origin + i, t.Origin + i + w}
		}
		i += w
	}
}

// An Editor rewrites a text from its first character to its last.
// Each method says what becomes of the next character of the old text.
type Editor struct {
	text  *Text
	out   []byte
	spans []Span
	pos   int
}

// Edit begins to rewrite t; Done ends it.
func (t *Text) Edit() *Editor {
	t.materialize()
	e := &Editor{text: t, out: make([]byte, 0, len(t.Bytes)+8)}
	if t.tracked {
		e.spans = make([]Span, 0, len(t.Bytes)+8)
	}
	return e
}

// Done puts the rewritten text in the place of the old one.
func (e *Editor) Done() {
	e.text.Bytes, e.text.spans = e.out, e.spans
}

// Keep copies the next w bytes unchanged.
func (e *Editor) Keep(w int) {
	e.out = append(e.out, e.text.Bytes[e.pos:e.pos+w]...)
	if e.text.tracked {
		e.spans = append(e.spans, e.text.spans[e.pos:e.pos+w]...)
	}
	e.pos += w
}

// Drop leaves out the next w bytes.
func (e *Editor) Drop(w int) { e.pos += w }

// Replace puts r in the place of the next w bytes; it inherits the origin of the first of them.
func (e *Editor) Replace(r rune, w int) {
	n := len(e.out)
	e.out = utf8.AppendRune(e.out, r)
	if e.text.tracked {
		e.align(len(e.out)-n, e.at(e.pos))
	}
	e.pos += w
}

// Insert adds r, which inherits the origin of the byte before the current position.
func (e *Editor) Insert(r rune) {
	n := len(e.out)
	e.out = utf8.AppendRune(e.out, r)
	if e.text.tracked {
		e.align(len(e.out)-n, e.at(e.pos-1))
	}
}

// emit writes r the way the reference's transformations do: a change of 1 inserts
// it, a change of -n puts it in the place of the next character and drops n more.
func (e *Editor) emit(r rune, change int) {
	if change > 0 {
		e.Insert(r)
		return
	}
	e.Replace(r, e.next())
	for ; change < 0; change++ {
		e.pos += e.next()
	}
}

// change is a character of a new text, with its effect on the old one as emit takes it.
type change struct {
	r     rune
	by    int
	class uint8 // canonical combining class, where that matters
}

// eachValid puts the changes in the place of each stretch of valid text. Bytes
// that form no character stay as they are, and nothing joins across them.
func (t *Text) eachValid(changes func(valid []byte) []change) {
	b := t.Bytes
	e := t.Edit()
	for i := 0; i < len(b); {
		j := i
		for j < len(b) {
			r, w := utf8.DecodeRune(b[j:])
			if r == utf8.RuneError && w == 1 {
				break
			}
			j += w
		}
		for _, c := range changes(b[i:j]) {
			e.emit(c.r, c.by)
		}
		e.pos = j
		if i = j; i < len(b) {
			e.Keep(1)
			i++
		}
	}
	e.Done()
}

// next returns the width of the character at the current position, 0 at the end.
func (e *Editor) next() int {
	_, w := utf8.DecodeRune(e.text.Bytes[min(e.pos, len(e.text.Bytes)):])
	return w
}

func (e *Editor) at(i int) Span {
	if i < 0 || len(e.text.spans) == 0 {
		return Span{e.text.Origin, e.text.Origin}
	}
	return e.text.spans[min(i, len(e.text.spans)-1)]
}

func (e *Editor) align(n int, s Span) {
	for range n {
		e.spans = append(e.spans, s)
	}
}

// Prepend puts s before the text, with the origin of its first character. An empty text stays empty.
func (t *Text) Prepend(s string) {
	if len(t.Bytes) == 0 {
		return
	}
	t.materialize()
	t.Bytes = append(append(make([]byte, 0, len(s)+len(t.Bytes)), s...), t.Bytes...)
	if t.tracked {
		spans := make([]Span, 0, len(t.Bytes))
		for range len(s) {
			spans = append(spans, t.spans[0])
		}
		t.spans = append(spans, t.spans...)
	}
}

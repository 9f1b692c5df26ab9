// Package decode turns tokens back into text, one token at a time.
package decode

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

// Sink takes tokens, or what a decoder made of them, and hears of their end.
type Sink interface {
	Token(s string)
	End()
}

// Decoder is a step on the way from tokens to text.
type Decoder interface {
	// Start begins a text; what becomes of its tokens goes to next.
	Start(next Sink) Sink
}

// Output is the last sink: it joins what it gets.
type Output struct{ Bytes []byte }

// Token implements Sink.
func (o *Output) Token(s string) { o.Bytes = append(o.Bytes, s...) }

// End implements Sink.
func (o *Output) End() {}

// Sequence applies one decoder after another.
type Sequence []Decoder

// Start implements Decoder.
func (d Sequence) Start(next Sink) Sink {
	for i := len(d) - 1; i >= 0; i-- {
		next = d[i].Start(next)
	}
	return next
}

// mapper passes each token through a function, which is told whether it is the first.
type mapper struct {
	next    Sink
	do      func(s string, first bool) string
	started bool
}

func (m *mapper) Token(s string) {
	m.next.Token(m.do(s, !m.started))
	m.started = true
}

func (m *mapper) End() { m.next.End() }

// ByteLevel reads tokens that are spelled in the byte-level alphabet. A token
// with any other character stands for itself.
type ByteLevel struct {
	AddPrefixSpace bool `json:"add_prefix_space"`
	TrimOffsets    bool `json:"trim_offsets"`
	UseRegex       bool `json:"use_regex"`
}

// Start implements Decoder.
func (d ByteLevel) Start(next Sink) Sink {
	return &mapper{next: next, do: func(s string, _ bool) string {
		if b, ok := model.DecodeBytes(s); ok {
			return string(b)
		}
		return s
	}}
}

// Spaced puts a space between tokens: what is done where a tokenizer names no decoder.
type Spaced struct{}

// Start implements Decoder.
func (Spaced) Start(next Sink) Sink {
	return &mapper{next: next, do: func(s string, first bool) string {
		if first {
			return s
		}
		return " " + s
	}}
}

// WordPiece joins pieces that begin with the prefix to the piece before, and
// puts a space before all others.
type WordPiece struct {
	Prefix  string `json:"prefix"`
	Cleanup bool   `json:"cleanup"` // removes spaces before punctuation and within English contractions
}

// Start implements Decoder.
func (d WordPiece) Start(next Sink) Sink {
	return &mapper{next: next, do: func(s string, first bool) string {
		if !first {
			if rest, ok := strings.CutPrefix(s, d.Prefix); ok {
				s = rest
			} else {
				s = " " + s
			}
		}
		if d.Cleanup {
			s = cleanup(s)
		}
		return s
	}}
}

// cleanups are done one after another: each may make the next possible.
var cleanups = [][2]string{
	{" .", "."}, {" ?", "?"}, {" !", "!"}, {" ,", ","}, {" ' ", "'"}, {" n't", "n't"}, {" 'm", "'m"},
	{" do not", " don't"}, {" 's", "'s"}, {" 've", "'ve"}, {" 're", "'re"},
}

func cleanup(s string) string {
	for _, c := range cleanups {
		s = strings.ReplaceAll(s, c[0], c[1])
	}
	return s
}

// Metaspace turns the replacement into spaces; the first token loses it.
type Metaspace struct {
	Replacement   string `json:"replacement"`
	PrependScheme string `json:"prepend_scheme"`
	Split         bool   `json:"split"`
}

// Start implements Decoder.
func (d Metaspace) Start(next Sink) Sink {
	return &mapper{next: next, do: func(s string, first bool) string {
		if first && d.PrependScheme != "never" {
			return strings.ReplaceAll(s, d.Replacement, "")
		}
		return strings.ReplaceAll(s, d.Replacement, " ")
	}}
}

// BPE turns the suffix of the last symbol of a word into a space, at the end of the text into nothing.
type BPE struct {
	Suffix string `json:"suffix"`
}

// Validate returns an error unless there is a suffix.
func (d BPE) Validate() error {
	if d.Suffix == "" {
		return errors.New("decode: BPEDecoder: the suffix is empty")
	}
	return nil
}

// Start implements Decoder.
func (d BPE) Start(next Sink) Sink { return &bpe{suffix: d.Suffix, next: next} }

type bpe struct {
	suffix string
	next   Sink
	held   *string
}

func (b *bpe) Token(s string) {
	if b.held != nil {
		b.next.Token(strings.ReplaceAll(*b.held, b.suffix, " "))
	}
	b.held = &s
}

func (b *bpe) End() {
	if b.held != nil {
		b.next.Token(strings.ReplaceAll(*b.held, b.suffix, ""))
	}
	b.next.End()
}

// ByteFallback turns tokens such as <0x61> into the bytes that they name.
// Bytes that form no character stay what they are.
type ByteFallback struct{}

// Start implements Decoder.
func (ByteFallback) Start(next Sink) Sink { return &fallback{next: next} }

type fallback struct {
	next Sink
	held []byte
}

func (f *fallback) Token(s string) {
	if b, ok := namedByte(s); ok {
		f.held = append(f.held, b)
		for len(f.held) > 0 && utf8.FullRune(f.held) {
			_, w := utf8.DecodeRune(f.held)
			f.next.Token(string(f.held[:w]))
			f.held = f.held[w:]
		}
		return
	}
	f.flush()
	f.next.Token(s)
}

func (f *fallback) flush() {
	if len(f.held) > 0 {
		f.next.Token(string(f.held))
		f.held = nil
	}
}

func (f *fallback) End() {
	f.flush()
	f.next.End()
}

func namedByte(s string) (byte, bool) {
	if len(s) != 6 || s[:3] != "<0x" || s[5] != '>' {
		return 0, false
	}
	n, err := strconv.ParseUint(s[3:5], 16, 8)
	return byte(n), err == nil
}

// Fuse makes one token of all: what follows it in a sequence sees the whole text.
type Fuse struct{}

// Start implements Decoder.
func (Fuse) Start(next Sink) Sink {
	if s, ok := next.(*strip); ok {
		s.whole = true
	}
	return &mapper{next: next, do: func(s string, _ bool) string { return s }}
}

// Strip removes up to Begin characters Content from the beginning of each token and up to Finish from its end.
type Strip struct {
	Content string `json:"content"`
	Begin   int    `json:"start"`
	Finish  int    `json:"stop"`
}

// Validate returns an error unless Content is one character and the counts are not negative.
func (d Strip) Validate() error {
	if utf8.RuneCountInString(d.Content) != 1 || d.Begin < 0 || d.Finish < 0 {
		return fmt.Errorf("decode: Strip: expected one character and counts of at least 0, got %.80q, %d, %d", d.Content, d.Begin, d.Finish)
	}
	return nil
}

// Start implements Decoder.
func (d Strip) Start(next Sink) Sink { return &strip{config: d, next: next, left: d.Begin} }

type strip struct {
	config Strip
	next   Sink
	whole  bool // all tokens count as one
	left   int  // of the whole: what may still go from its beginning
	held   string
}

func (s *strip) Token(t string) {
	c := s.config.Content
	if !s.whole {
		for n := 0; n < s.config.Begin && strings.HasPrefix(t, c); n++ {
			t = t[len(c):]
		}
		for n := 0; n < s.config.Finish && strings.HasSuffix(t, c); n++ {
			t = t[:len(t)-len(c)]
		}
		s.next.Token(t)
		return
	}
	for s.left > 0 && t != "" {
		if !strings.HasPrefix(t, c) {
			s.left = 0
			break
		}
		t, s.left = t[len(c):], s.left-1
	}
	// What may yet be stripped from the end waits for more.
	t = s.held + t
	keep := t
	for n := 0; n < s.config.Finish && strings.HasSuffix(keep, c); n++ {
		keep = strings.TrimSuffix(keep, c)
	}
	s.held = t[len(keep):]
	if keep != "" {
		s.next.Token(keep)
	}
}

func (s *strip) End() { s.next.End() }

package screen

import (
	"io"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// tabStop is how many columns a tab takes.
const tabStop = 4

// Flow writes text that comes in pieces to a terminal, and breaks its lines where words end, by the terminal's width at that time. A word is held back until it
// is known to be whole. Characters that would steer the terminal are left out.
type Flow struct {
	out     io.Writer
	columns func() int
	held    string // the last word, which may go on, and the beginning of a character
	used    int    // columns of the line
	spaces  string // held back behind the line: a line that breaks there loses them
}

// NewFlow returns a Flow for a terminal. Where out is none, text passes as it is.
func NewFlow(out io.Writer) *Flow { return &Flow{out: out, columns: func() int { return Width(out) }} }

// Write takes the next piece of the text.
func (f *Flow) Write(b []byte) (int, error) {
	columns := f.columns()
	if columns == 0 {
		text := f.held + string(b)
		f.held = ""
		_, err := io.WriteString(f.out, text)
		return len(b), err
	}
	f.held += string(b)
	whole := f.held
	for n := 1; n < utf8.UTFMax && n <= len(whole); n++ { // the beginning of a character waits for its end
		if at := len(whole) - n; utf8.RuneStart(whole[at]) {
			if !utf8.FullRuneInString(whole[at:]) {
				whole = whole[:at]
			}
			break
		}
	}
	var done strings.Builder
	state := -1
	for whole != "" {
		word, rest, _, next := uniseg.FirstLineSegmentInString(whole, state)
		if rest == "" && !strings.HasSuffix(word, "\n") {
			break
		}
		f.put(&done, word, columns-1) // the last column stays free: behind it terminals differ
		f.held, whole, state = f.held[len(word):], rest, next
	}
	_, err := io.WriteString(f.out, done.String())
	return len(b), err
}

// Flush writes what is held back. The text may go on behind it.
func (f *Flow) Flush() error {
	var done strings.Builder
	columns := f.columns()
	if columns == 0 {
		done.WriteString(f.held)
	} else {
		f.put(&done, f.held, columns-1)
	}
	f.held = ""
	_, err := io.WriteString(f.out, done.String())
	return err
}

// put adds a word with the spaces behind it, in a new line where this one has no room for the word.
func (f *Flow) put(to *strings.Builder, word string, columns int) {
	columns = max(columns, 2) // a wide character
	text := cleaned(strings.TrimRight(word, " \t\r\n"))
	width := Columns(text)
	if width > 0 {
		f.spaces = f.spaces[:min(len(f.spaces), columns-1)]
		if f.used > 0 && f.used+len(f.spaces)+width > columns {
			to.WriteByte('\n')
			f.used = 0
		} else {
			to.WriteString(f.spaces)
			f.used += len(f.spaces)
		}
		f.spaces = ""
	}
	for state := -1; text != ""; {
		var character string
		character, text, width, state = uniseg.FirstGraphemeClusterInString(text, state)
		if f.used+width > columns && f.used > 0 { // a word that is longer than a line
			to.WriteByte('\n')
			f.used = 0
		}
		to.WriteString(character)
		f.used += width
	}
	for _, c := range word[len(strings.TrimRight(word, " \t\r\n")):] {
		switch c {
		case ' ':
			f.spaces += " "
		case '\t':
			f.spaces += strings.Repeat(" ", tabStop)
		case '\n':
			to.WriteByte('\n')
			f.used, f.spaces = 0, ""
		}
	}
}

// cleaned leaves out what would steer a terminal.
func cleaned(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, text)
}

// Package view draws what package show finds: in a terminal, and as pages that need no other file.
package view

import (
	"fmt"
	"io"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/screen"
)

// A View is something to look at. As JSON it is the data that are drawn.
type View interface {
	// Terminal draws it within the columns of a screen.
	Terminal(w io.Writer, s Screen) error
	// HTML writes a page.
	HTML(w io.Writer) error
}

// Screen is what a terminal can show.
type Screen struct {
	Columns int  // > 0
	Color   bool // of 256
}

// A Subject is the model and the text that are looked at.
type Subject struct {
	Model  string  `json:"model"`
	Text   string  `json:"text,omitempty"`
	Tokens []Token `json:"tokens,omitempty"`
	Source []Token `json:"source,omitempty"` // of an encoder-decoder, which writes Tokens
}

// A Token is a token with its text.
type Token struct {
	ID      int32  `json:"id"`
	Text    string `json:"text"`
	Special bool   `json:"special,omitempty"` // it frames the text
	Word    int    `json:"-"`                 // number of its word, -1 for what frames it
}

// A Choice is a token, or a class, with its probability.
type Choice struct {
	ID          int32   `json:"id"`
	Text        string  `json:"text"`
	Probability float64 `json:"probability"`
}

// Label returns a token's text so that it can be told from others: without the space before it, with others made visible.
func (t Token) Label() string { return label(t.Text) }

// Label returns the text of a choice as that of a token.
func (c Choice) Label() string { return label(c.Text) }

func label(text string) string {
	if text == "" {
		return "⋯" // a part of a character
	}
	shown := strings.TrimPrefix(text, " ")
	if shown == "" {
		return "␣"
	}
	var out strings.Builder
	for _, r := range shown {
		switch {
		case r == '\n':
			out.WriteString("↵")
		case r == '\t':
			out.WriteString("⇥")
		case r < ' ' || r == 0x7f || r == 0xfffd || r >= 0x80 && r < 0xa0:
			fmt.Fprintf(&out, "<%02X>", r)
		case strings.ContainsRune("\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff", r): // which turn a line around or have no width
			fmt.Fprintf(&out, "<%04X>", r)
		default:
			out.WriteRune(r)
		}
	}
	return out.String()
}

// cell returns text cut or filled up with spaces to so many columns.
func cell(text string, columns int) string {
	text = screen.Cut(text, columns)
	return text + strings.Repeat(" ", max(0, columns-screen.Columns(text)))
}

// right is cell with the spaces before the text.
func right(text string, columns int) string {
	text = screen.Cut(text, columns)
	return strings.Repeat(" ", max(0, columns-screen.Columns(text))) + text
}

// widest returns the columns of the widest label, within bounds.
func widest(labels []string, least, most int) int {
	n := least
	for _, l := range labels {
		n = max(n, screen.Columns(l))
	}
	return min(n, most)
}

// fold breaks a text into lines of so many columns, and returns it with a line end.
func fold(text string, columns int) string { return screen.Wrap(text, columns, 2) + "\n" }

// Colours of 256 that a background gets by its level, the paler the less, from blue to white text on it.
var (
	blues   = []int{-1, 17, 18, 19, 25, 26, 32, 33, 39}
	oranges = []int{-1, 52, 88, 94, 130, 136, 166, 172, 208}
)

// shades are what stands for a level where there are no colours.
var shades = []string{" ", "░", "▒", "▓", "█"}

// level returns the place of x in [0, 1] among n.
func level(x float64, n int) int {
	return max(0, min(n-1, int(x*float64(n-1)+0.5)))
}

// shaded writes text on a background that tells x in [0, 1], or without colours plainly.
func (s Screen) shaded(text string, x float64, colors []int) string {
	c := colors[level(x, len(colors))]
	if !s.Color || c < 0 {
		return text
	}
	ink := 15
	if level(x, len(colors)) >= len(colors)-3 {
		ink = 16
	}
	return fmt.Sprintf("\x1b[38;5;%d;48;5;%dm%s\x1b[0m", ink, c, text)
}

// block fills so many columns by x in [0, 1].
func (s Screen) block(x float64, columns int) string {
	if s.Color {
		return s.shaded(strings.Repeat(" ", columns), x, blues)
	}
	return strings.Repeat(shades[level(x, len(shades))], columns)
}

// percent writes a probability.
func percent(p float64) string {
	switch {
	case p >= 0.9995:
		return "100%"
	case p >= 0.1:
		return fmt.Sprintf("%.1f%%", 100*p)
	case p >= 0.0001:
		return fmt.Sprintf("%.2f%%", 100*p)
	}
	return "<0.01%"
}

// Package screen fits text to the width of a terminal: lines that break at words, and a progress bar that never takes more than one line.
package screen

import (
	"io"
	"os"
	"strings"

	"github.com/rivo/uniseg"
	"golang.org/x/term"
)

// Width returns the columns of the terminal that w is, or 0 where it is none.
func Width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns < 0 {
		return 0
	}
	return columns
}

// Lively tells whether w is a terminal on which lines may be drawn anew and in colour: not where NO_COLOR or CI is set, or TERM is dumb.
func Lively(w io.Writer) bool { return Width(w) > 0 && !still() }

// still tells whether the environment asks for plain lines. A variable that is empty counts as not set.
func still() bool {
	return os.Getenv("NO_COLOR") != "" || os.Getenv("CI") != "" || os.Getenv("TERM") == "dumb"
}

// Columns returns how many columns a text takes: wide characters, as Chinese has them and most emoji, take two.
func Columns(text string) int { return uniseg.StringWidth(text) }

// Cut returns text, cut to so many columns with "…" as the last where it is longer.
func Cut(text string, columns int) string {
	if Columns(text) <= columns {
		return text
	}
	if columns < 1 {
		return ""
	}
	var out strings.Builder
	left, state := columns-1, -1
	for rest := text; rest != ""; {
		var cluster string
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if width > left {
			break
		}
		left -= width
		out.WriteString(cluster)
	}
	return out.String() + "…"
}

// Wrap breaks text at spaces, and between wide characters as Chinese is broken, into lines of at most so many columns, all but the first of them
// indented. A word that is longer than a line stays whole, so that it can be copied. Less than a column means no bound.
func Wrap(text string, columns, indent int) string {
	if columns < 1 || Columns(text) <= columns {
		return text
	}
	indent = min(indent, columns/2)
	var out strings.Builder
	used := 0
	for i, word := range splitWords(text) {
		gap := word[:len(word)-len(strings.TrimLeft(word, " "))]
		word = word[len(gap):]
		if i > 0 && used+len(gap)+Columns(word) > columns {
			out.WriteString("\n" + strings.Repeat(" ", indent))
			used, gap = indent, ""
		}
		out.WriteString(gap + word)
		used += len(gap) + Columns(word)
	}
	return out.String()
}

// splitWords cuts text before each run of spaces, and between two wide characters of which the second may begin a line.
func splitWords(text string) []string {
	var words []string
	begin, at, wide, state := 0, 0, false, -1
	var cluster string
	for rest := text; rest != ""; at += len(cluster) {
		var width int
		cluster, rest, width, state = uniseg.FirstGraphemeClusterInString(rest, state)
		before := at > 0 && text[at-1] == ' '
		if at > 0 && (cluster == " " && !before || wide && width > 1 && !strings.Contains(closing, cluster)) {
			words, begin = append(words, text[begin:at]), at
		}
		wide = width > 1 && !strings.Contains(opening, cluster)
	}
	return append(words, text[begin:])
}

// Punctuation that doesn't begin a line, and that doesn't end one.
const (
	closing = "，。、；：？！）》」』】〉〕…—”’"
	opening = "（《「『【〈〔“‘"
)

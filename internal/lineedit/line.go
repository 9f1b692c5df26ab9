package lineedit

import (
	"slices"
	"strings"

	"github.com/rivo/uniseg"
)

// line is text that is edited, as what a reader takes for characters, with the cursor before one of them or at the end.
type line struct {
	clusters []string
	at       int
}

// split cuts a text into what a reader takes for characters.
func split(text string) []string {
	var all []string
	for state := -1; text != ""; {
		var cluster string
		cluster, text, _, state = uniseg.FirstGraphemeClusterInString(text, state)
		all = append(all, cluster)
	}
	return all
}

func (l *line) String() string { return strings.Join(l.clusters, "") }

// set replaces the text, and puts the cursor behind it.
func (l *line) set(text string) {
	l.clusters = split(text)
	l.at = len(l.clusters)
}

// insert puts text before the cursor. A mark that belongs to the character before it joins that.
func (l *line) insert(text string) {
	before, after := strings.Join(l.clusters[:l.at], "")+text, strings.Join(l.clusters[l.at:], "")
	l.clusters = split(before + after)
	n := 0
	for l.at = 0; l.at < len(l.clusters) && n < len(before); l.at++ {
		n += len(l.clusters[l.at])
	}
}

// remove takes out the characters from lo to hi, and puts the cursor there.
func (l *line) remove(lo, hi int) {
	l.clusters = slices.Delete(l.clusters, lo, hi)
	rest := l.String()
	l.at = min(lo, len(l.clusters))
	if all := split(rest); len(all) != len(l.clusters) { // what was parted before has become one
		l.clusters, l.at = all, min(l.at, len(all))
	}
}

func (l *line) left()  { l.at = max(0, l.at-1) }
func (l *line) right() { l.at = min(len(l.clusters), l.at+1) }

// word returns where the word before the cursor begins, or with forth where that behind it ends.
func (l *line) word(forth bool) int {
	at := l.at
	space := func(i int) bool { return strings.TrimSpace(l.clusters[i]) == "" }
	if forth {
		for at < len(l.clusters) && space(at) {
			at++
		}
		for at < len(l.clusters) && !space(at) {
			at++
		}
		return at
	}
	for at > 0 && space(at-1) {
		at--
	}
	for at > 0 && !space(at-1) {
		at--
	}
	return at
}

// shown is how a character looks in the line: a line end is a sign, and what would move the cursor or isn't seen is another.
func shown(cluster string) string {
	switch {
	case cluster == "\n" || cluster == "\r\n":
		return "↵"
	case cluster == "\t":
		return "  "
	case uniseg.StringWidth(cluster) == 0 || strings.ContainsFunc(cluster, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "·"
	}
	return cluster
}

// layout breaks a prompt and the line into rows of at most so many columns, and tells in which row and column the cursor stands.
func (l *line) layout(prompt string, columns int) (rows []string, row, column int) {
	columns = max(columns, 4)
	var current strings.Builder
	used := 0
	put := func(text string) {
		width := uniseg.StringWidth(text)
		if used+width > columns {
			rows = append(rows, current.String())
			current.Reset()
			used = 0
		}
		current.WriteString(text)
		used += width
	}
	for _, c := range split(prompt) {
		put(c)
	}
	for i, c := range l.clusters {
		text := shown(c)
		put(text)
		if i == l.at {
			row, column = len(rows), used-uniseg.StringWidth(text)
		}
	}
	if l.at == len(l.clusters) {
		if used == columns {
			rows = append(rows, current.String())
			current.Reset()
			used = 0
		}
		row, column = len(rows), used
	}
	return append(rows, current.String()), row, column
}

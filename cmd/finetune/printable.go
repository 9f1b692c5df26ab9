package main

import (
	"fmt"
	"strings"
	"unicode"
)

// Characters of a line of an error that are shown, at its beginning and at its end. What was damaged or made to harm may be quoted at any length.
const (
	shownFirst = 1600
	shownLast  = 300
)

// printable returns what an error says with its control characters escaped, so that what it quotes of a file does nothing to the terminal, and
// with the middle of very long lines left out.
func printable(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		if r := []rune(line); len(r) > shownFirst+shownLast {
			left := len(r) - shownFirst - shownLast
			line = fmt.Sprintf("%s … (%d characters left out) … %s", string(r[:shownFirst]), left, string(r[len(r)-shownLast:]))
		}
		lines[i] = escaped(line)
	}
	return strings.Join(lines, "\n")
}

// escaped writes control characters but tabs as Go writes them in strings.
func escaped(line string) string {
	var b strings.Builder
	for _, r := range line {
		if unicode.IsControl(r) && r != '\t' {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}

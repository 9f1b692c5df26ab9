package pretok

import (
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
)

// A Scanner returns the end of the pre-token of text that begins at i, for a
// pattern that leaves nothing of a text unmatched.
type Scanner func(text []byte, i int) int

// GPT2Pattern is the pattern that ScanGPT2 follows.
const GPT2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

// kind is what the patterns distinguish: letters, numbers, white space and the rest.
type kind uint8

const (
	other kind = iota
	letter
	number
	space
)

// asciiKind is kindAt for single bytes. A byte above 0x7f stands for "look closer".
var asciiKind = func() (t [256]kind) {
	for b := range t[:utf8.RuneSelf] {
		t[b] = kindOf(rune(b))
	}
	for b := utf8.RuneSelf; b < len(t); b++ {
		t[b] = 0xff
	}
	return t
}()

func kindOf(r rune) kind {
	switch c := charclass.Of(r); {
	case c&charclass.Letter != 0:
		return letter
	case c&charclass.Number != 0:
		return number
	case c&charclass.Space != 0:
		return space
	}
	return other
}

// kindAt returns the kind and the width of the character of text at i. A byte
// that is not part of a valid character counts as a symbol.
func kindAt(text []byte, i int) (kind, int) {
	if k := asciiKind[text[i]]; k != 0xff {
		return k, 1
	}
	r, w := utf8.DecodeRune(text[i:])
	return kindOf(r), w
}

// run returns the end of the run of characters of kind k that begins at i.
func run(text []byte, i int, k kind) int {
	for i < len(text) {
		c := asciiKind[text[i]]
		if c == k {
			i++
			continue
		}
		if c != 0xff {
			return i
		}
		r, w := utf8.DecodeRune(text[i:])
		if kindOf(r) != k {
			return i
		}
		i += w
	}
	return i
}

// ScanGPT2 scans by GPT2Pattern.
func ScanGPT2(text []byte, i int) int {
	c := text[i]
	if c == '\'' {
		if n := contraction(text[i+1:]); n > 0 {
			return i + 1 + n
		}
	}
	start := i
	if c == ' ' && i+1 < len(text) {
		start++
	}
	k, w := kindAt(text, start)
	if k == space {
		return spaces(text, i)
	}
	return run(text, start+w, k)
}

// spaces matches \s+(?!\S)|\s+ at i: a run of white space, less its last
// character if something follows that it can lead.
func spaces(text []byte, i int) int {
	end, last := i, 0
	for end < len(text) {
		k, w := kindAt(text, end)
		if k != space {
			break
		}
		end, last = end+w, w
	}
	if end < len(text) && end-last > i {
		return end - last
	}
	return end
}

// contraction returns the length of the English contraction that begins b, after its apostrophe.
func contraction(b []byte) int {
	if len(b) == 0 {
		return 0
	}
	switch b[0] {
	case 's', 't', 'm', 'd':
		return 1
	case 'r', 'v':
		if len(b) > 1 && b[1] == 'e' {
			return 2
		}
	case 'l':
		if len(b) > 1 && b[1] == 'l' {
			return 2
		}
	}
	return 0
}

package data

import (
	"unicode"
	"unicode/utf8"
)

// cutText returns where to cut text that goes on, in its second half, so that the pieces have the tokens of the whole:
// between words, where the patterns of byte-level and word tokenizers cut too, and before the white space between them, which
// SentencePiece's tokenizers make part of the next word. A line end alone between a word and another is best, then a lone
// space. Behind other characters a line end may belong to them, so the cut is behind it. Text that has none of these is cut between two characters.
func cutText(text []byte) int {
	half := len(text) / 2
	for i := len(text) - 2; i > half; i-- {
		if text[i] == '\n' && lone(text, i) {
			if r, _ := utf8.DecodeLastRune(text[:i]); unicode.IsLetter(r) || unicode.IsNumber(r) {
				return i
			}
		}
	}
	for i := len(text) - 2; i > half; i-- {
		if text[i] == ' ' && lone(text, i) {
			return i
		}
	}
	for i := len(text) - 1; i > half; i-- {
		if text[i-1] == '\n' && lone(text, i-1) {
			return i
		}
	}
	end := len(text) - 1
	for i := end; i > half && i > end-utf8.UTFMax; i-- {
		if utf8.RuneStart(text[i]) {
			return i
		}
	}
	return end
}

// lone reports whether the byte at i stands between two characters that are not white space. An incomplete character, which
// might be, is taken for white space.
func lone(text []byte, i int) bool {
	before, _ := utf8.DecodeLastRune(text[:i])
	after, _ := utf8.DecodeRune(text[i+1:])
	return !blank(before) && !blank(after)
}

func blank(r rune) bool {
	return r <= ' ' || r == utf8.RuneError || unicode.IsSpace(r)
}

package words

import (
	"unicode"
	"unicode/utf8"
)

// A Splitter calls word for each word of a line, in its order. The bytes are valid during the call.
type Splitter func(line []byte, word func([]byte))

// Letters splits as the regular expression \w+ of Python does on a text in lower case: words are runs of letters, digits and
// underscores.
func Letters(line []byte, word func([]byte)) {
	var room [64]byte
	buffer := room[:0]
	for len(line) > 0 {
		r, size := rune(line[0]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRune(line)
		}
		line = line[size:]
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '_':
			buffer = append(buffer, byte(r))
		case r >= 'A' && r <= 'Z':
			buffer = append(buffer, byte(r)+'a'-'A')
		case r >= utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsNumber(r)) && r != utf8.RuneError:
			buffer = utf8.AppendRune(buffer, unicode.ToLower(r))
		case len(buffer) > 0:
			word(buffer)
			buffer = buffer[:0]
		}
	}
	if len(buffer) > 0 {
		word(buffer)
	}
}

// Spaces splits at white space and leaves letters as they are, as texts want it that were split before.
func Spaces(line []byte, word func([]byte)) {
	start := -1
	for i := 0; i < len(line); {
		r, size := utf8.DecodeRune(line[i:])
		switch space := unicode.IsSpace(r); {
		case space && start >= 0:
			word(line[start:i])
			start = -1
		case !space && start < 0:
			start = i
		}
		i += size
	}
	if start >= 0 {
		word(line[start:])
	}
}

// Characters makes each character a word that isn't white space or punctuation, as Chinese can be read without its words.
func Characters(line []byte, word func([]byte)) {
	for len(line) > 0 {
		r, size := utf8.DecodeRune(line)
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			word(line[:size])
		}
		line = line[size:]
	}
}

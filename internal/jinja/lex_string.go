package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// escapes are Python's escapes of one letter.
var escapes = map[byte]byte{'\\': '\\', '\'': '\'', '"': '"', 'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v'}

// str reads a string with Python's escapes; an unknown one stays as it is.
func (l *lexer) str() error {
	rest := l.source[l.at:]
	quote := rest[0]
	var b strings.Builder
	for i := 1; i < len(rest); {
		switch c := rest[i]; {
		case c == quote:
			l.emit(stringToken, b.String())
			l.advance(i + 1)
			return nil
		case c != '\\' || i+1 >= len(rest):
			b.WriteByte(c)
			i++
		default:
			r, n, ok := escape(rest[i:])
			switch {
			case n == 0:
				return l.fail("escape %.10q of a string", rest[i:])
			case ok:
				b.WriteRune(r)
			case rest[i+1] != '\n':
				b.WriteString(rest[i : i+n])
			}
			i += n
		}
	}
	return l.fail("string without an end")
}

// escape reads the escape that s begins with, of n bytes. It is not ok where it stands for itself, or, before a line's end, for nothing; n is 0
// where it is malformed.
func escape(s string) (r rune, n int, ok bool) {
	if c, simple := escapes[s[1]]; simple {
		return rune(c), 2, true
	}
	if digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[1]]; digits > 0 {
		if len(s) < 2+digits {
			return 0, 0, false
		}
		v, err := strconv.ParseUint(s[2:2+digits], 16, 32)
		if err != nil || !utf8.ValidRune(rune(v)) {
			return 0, 0, false
		}
		return rune(v), 2 + digits, true
	}
	n = 1
	for n < 4 && n < len(s) && '0' <= s[n] && s[n] <= '7' {
		n++
	}
	if n > 1 {
		v, _ := strconv.ParseUint(s[1:n], 8, 32)
		return rune(v), n, true
	}
	_, size := utf8.DecodeRuneInString(s[1:])
	return 0, 1 + size, false
}

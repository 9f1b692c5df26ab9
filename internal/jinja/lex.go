package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the type of a token.
type kind uint8

const (
	textToken   kind = iota // what stands outside of tags
	openOutput              // {{
	closeOutput             // }}
	openBlock               // {%
	closeBlock              // %}
	nameToken
	stringToken // its value without quotes and escapes
	integerToken
	floatToken
	operatorToken
	endToken
)

type token struct {
	kind kind
	text string
	line int
}

func (t token) String() string {
	switch t.kind {
	case endToken:
		return "the end of the template"
	case closeOutput, closeBlock:
		return "the end of the tag"
	}
	return fmt.Sprintf("%q", t.text)
}

// lexer cuts a template into tokens.
type lexer struct {
	source string
	at     int
	line   int
	starts bool // whether the text at this place begins a line
	tokens []token
}

// normalize brings a source's line ends to \n and drops one at its end, as Jinja does.
func normalize(source string) string {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	return strings.TrimSuffix(source, "\n")
}

func lex(source string) ([]token, error) {
	l := &lexer{source: normalize(source), line: 1, starts: true}
	for l.at < len(l.source) {
		if err := l.segment(); err != nil {
			return nil, err
		}
	}
	return append(l.tokens, token{kind: endToken, line: l.line}), nil
}

func (l *lexer) fail(format string, args ...any) error {
	return &Error{Line: l.line, Msg: fmt.Sprintf(format, args...)}
}

func (l *lexer) emit(k kind, text string) {
	l.tokens = append(l.tokens, token{kind: k, text: text, line: l.line})
}

// advance moves the lexer by n bytes.
func (l *lexer) advance(n int) {
	part := l.source[l.at : l.at+n]
	l.line += strings.Count(part, "\n")
	if n > 0 {
		l.starts = part[n-1] == '\n'
	}
	l.at += n
}

// segment reads a text and the tag behind it.
func (l *lexer) segment() error {
	rest := l.source[l.at:]
	open := -1
	for i := 0; i+1 < len(rest); i++ {
		if rest[i] == '{' && (rest[i+1] == '{' || rest[i+1] == '%' || rest[i+1] == '#') {
			open = i
			break
		}
	}
	if open < 0 {
		l.emit(textToken, rest)
		l.advance(len(rest))
		return nil
	}
	tag := rest[open : open+2]
	sign := byte(0)
	if open+2 < len(rest) && (rest[open+2] == '-' || rest[open+2] == '+') {
		sign = rest[open+2]
	}
	l.text(rest[:open], sign, tag != "{{")
	l.advance(open + 2)
	if sign != 0 {
		l.advance(1)
	}
	switch tag {
	case "{#":
		end := strings.Index(l.source[l.at:], "#}")
		if end < 0 {
			return l.fail("comment without an end")
		}
		signed := end > 0 && strings.ContainsRune("-+", rune(l.source[l.at+end-1]))
		l.close(end+2, signed && l.source[l.at+end-1] == '-', signed)
		return nil
	case "{%":
		if raw, err := l.raw(); raw || err != nil {
			return err
		}
		l.emit(openBlock, tag)
		return l.tag("%}", closeBlock)
	default:
		l.emit(openOutput, tag)
		return l.tag("}}", closeOutput)
	}
}

// text emits what stands before a tag, without what the tag takes away from it.
func (l *lexer) text(s string, sign byte, block bool) {
	switch {
	case sign == '-':
		s = strings.TrimRightFunc(s, unicode.IsSpace)
	case sign == 0 && block:
		begin := strings.LastIndexByte(s, '\n') + 1
		if (begin > 0 || l.starts) && strings.TrimSpace(s[begin:]) == "" {
			s = s[:begin]
		}
	}
	if s != "" {
		l.emit(textToken, s)
	}
}

// close moves behind the end of a tag, n bytes on, and over what it takes away from the text behind it.
func (l *lexer) close(n int, trim, signed bool) {
	l.advance(n)
	rest := l.source[l.at:]
	switch {
	case trim:
		l.advance(len(rest) - len(strings.TrimLeftFunc(rest, unicode.IsSpace)))
	case !signed && strings.HasPrefix(rest, "\n"):
		l.advance(1)
	}
}

// raw reads a {% raw %} block whose tag has been opened, and tells whether there was one.
func (l *lexer) raw() (bool, error) {
	rest := strings.TrimLeftFunc(l.source[l.at:], unicode.IsSpace)
	inner, ok := strings.CutPrefix(rest, "raw")
	inner = strings.TrimLeftFunc(inner, unicode.IsSpace)
	trim := strings.HasPrefix(inner, "-%}")
	if !ok || !trim && !strings.HasPrefix(inner, "%}") {
		return false, nil
	}
	l.advance(len(l.source) - l.at - len(inner) + len("%}"))
	if trim {
		l.close(1, true, true)
	}
	body := l.source[l.at:]
	for from := 0; ; {
		i := strings.Index(body[from:], "{%")
		if i < 0 {
			return false, l.fail("raw block without an end")
		}
		i += from
		from = i + 2
		end := body[from:]
		sign := byte(0)
		if end != "" && (end[0] == '-' || end[0] == '+') {
			sign, end = end[0], end[1:]
		}
		end, ok = strings.CutPrefix(strings.TrimLeftFunc(end, unicode.IsSpace), "endraw")
		end = strings.TrimLeftFunc(end, unicode.IsSpace)
		if !ok || !strings.HasPrefix(strings.TrimLeft(end, "-+"), "%}") {
			continue
		}
		l.text(body[:i], sign, true)
		signed := end[0] != '%'
		n := len(body) - len(end) + 2
		if signed {
			n++
		}
		l.close(n, end[0] == '-', signed)
		return true, nil
	}
}

// operators in the order in which they are tried.
var operators = []string{"**", "//", "==", "!=", "<=", ">=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}", "<", ">", "=", ".", ":", "|", ",", ";"}

// tag reads the tokens of a tag up to its end.
func (l *lexer) tag(end string, closing kind) error {
	var open []byte // brackets that are open
	for l.at < len(l.source) {
		rest := l.source[l.at:]
		if len(open) == 0 {
			sign := strings.IndexByte("-+", rest[0]) >= 0 && strings.HasPrefix(rest[1:], end)
			if sign && (closing == closeBlock || rest[0] == '-') || strings.HasPrefix(rest, end) {
				l.emit(closing, end)
				n := len(end)
				if sign {
					n++
				}
				l.close(n, sign && rest[0] == '-', sign || closing == closeOutput)
				return nil
			}
		}
		r, size := utf8.DecodeRuneInString(rest)
		switch {
		case unicode.IsSpace(r):
			l.advance(size)
		case r == '\'' || r == '"':
			if err := l.str(); err != nil {
				return err
			}
		case '0' <= r && r <= '9':
			l.number()
		case r == '_' || unicode.IsLetter(r):
			n := strings.IndexFunc(rest, func(r rune) bool {
				return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
			})
			if n < 0 {
				n = len(rest)
			}
			l.emit(nameToken, rest[:n])
			l.advance(n)
		default:
			if err := l.operator(rest, &open); err != nil {
				return err
			}
		}
	}
	return l.fail("tag without its end %q", end)
}

func (l *lexer) operator(rest string, open *[]byte) error {
	for _, op := range operators {
		if !strings.HasPrefix(rest, op) {
			continue
		}
		switch i := strings.IndexByte(")]}", op[0]); {
		case i >= 0:
			if n := len(*open); n == 0 || (*open)[n-1] != "([{"[i] {
				return l.fail("%q closes what isn't open", op)
			}
			*open = (*open)[:len(*open)-1]
		case strings.Contains("([{", op):
			*open = append(*open, op[0])
			if len(*open) > maxNesting {
				return l.fail("brackets lie more than %d deep", maxNesting)
			}
		}
		l.emit(operatorToken, op)
		l.advance(len(op))
		return nil
	}
	r, _ := utf8.DecodeRuneInString(rest)
	return l.fail("unexpected character %q", r)
}

func (l *lexer) number() {
	rest := l.source[l.at:]
	digits := func(from int) int {
		for from < len(rest) && ('0' <= rest[from] && rest[from] <= '9' || rest[from] == '_' && from+1 < len(rest) && '0' <= rest[from+1] && rest[from+1] <= '9') {
			from++
		}
		return from
	}
	n, k := digits(0), integerToken
	if n+1 < len(rest) && rest[n] == '.' && '0' <= rest[n+1] && rest[n+1] <= '9' {
		n, k = digits(n+1), floatToken
	}
	if n < len(rest) && (rest[n] == 'e' || rest[n] == 'E') {
		from := n + 1
		if from < len(rest) && (rest[from] == '+' || rest[from] == '-') {
			from++
		}
		if m := digits(from); m > from {
			n, k = m, floatToken
		}
	}
	l.emit(k, strings.ReplaceAll(rest[:n], "_", ""))
	l.advance(n)
}

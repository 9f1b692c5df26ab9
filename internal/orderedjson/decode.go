package orderedjson

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// maxDepth bounds how deeply lists and objects lie in each other, so that no input overflows the stack.
const maxDepth = 512

// Error is a fault of a text that should be JSON.
type Error struct {
	Offset int // of the byte at which it shows
	Msg    string
	cause  error
}

// Error tells the fault and where it is.
func (e *Error) Error() string { return fmt.Sprintf("%s at byte %d", e.Msg, e.Offset) }

// Unwrap returns io.ErrUnexpectedEOF where the text ends too early.
func (e *Error) Unwrap() error { return e.cause }

// Decode reads the one value that data holds, white space around it. It is strict where encoding/json mends in silence: text that isn't UTF-8, escaped halves of
// surrogate pairs and keys that come twice are errors, of type *Error.
func Decode(data []byte) (any, error) {
	d := decoder{data: data}
	d.space()
	value, err := d.value(0)
	if err != nil {
		return nil, err
	}
	if d.space(); d.at < len(data) {
		return nil, d.fail("expected the end behind the value, got %s", d.found())
	}
	return value, nil
}

// DecodeObject is Decode for a value that must be an object.
func DecodeObject(data []byte) (*Object, error) {
	value, err := Decode(data)
	if err != nil {
		return nil, err
	}
	o, ok := value.(*Object)
	if !ok {
		return nil, &Error{Msg: "expected an object, got " + Kind(value)}
	}
	return o, nil
}

// decoder reads JSON by recursive descent.
type decoder struct {
	data []byte
	at   int
}

func (d *decoder) fail(format string, args ...any) error {
	e := &Error{Offset: d.at, Msg: fmt.Sprintf(format, args...)}
	if d.at >= len(d.data) {
		e.cause = io.ErrUnexpectedEOF
	}
	return e
}

// found names what is at the decoder's place.
func (d *decoder) found() string {
	if d.at >= len(d.data) {
		return "the end of the text"
	}
	r, size := utf8.DecodeRune(d.data[d.at:])
	if r == utf8.RuneError && size <= 1 {
		return fmt.Sprintf("byte 0x%02x", d.data[d.at])
	}
	return strconv.QuoteRune(r)
}

func (d *decoder) space() {
	for d.at < len(d.data) {
		switch d.data[d.at] {
		case ' ', '\t', '\n', '\r':
			d.at++
		default:
			return
		}
	}
}

// next skips white space and takes c; it tells whether it was there.
func (d *decoder) next(c byte) bool {
	d.space()
	if d.at < len(d.data) && d.data[d.at] == c {
		d.at++
		return true
	}
	return false
}

func (d *decoder) value(depth int) (any, error) {
	if depth > maxDepth {
		return nil, d.fail("lists and objects lie more than %d deep", maxDepth)
	}
	if d.at >= len(d.data) {
		return nil, d.fail("expected a value, got the end of the text")
	}
	switch c := d.data[d.at]; {
	case c == '{':
		return d.object(depth)
	case c == '[':
		return d.list(depth)
	case c == '"':
		return d.string()
	case c == '-' || '0' <= c && c <= '9':
		return d.number()
	}
	for _, word := range []struct {
		text  string
		value any
	}{{"true", true}, {"false", false}, {"null", nil}} {
		if end := d.at + len(word.text); end <= len(d.data) && string(d.data[d.at:end]) == word.text {
			d.at = end
			return word.value, nil
		}
	}
	return nil, d.fail("expected a value, got %s", d.found())
}

func (d *decoder) object(depth int) (any, error) {
	d.at++
	o := NewObject()
	if d.next('}') {
		return o, nil
	}
	for {
		d.space()
		if d.at >= len(d.data) || d.data[d.at] != '"' {
			return nil, d.fail("expected a key in quotes, got %s", d.found())
		}
		start := d.at
		key, err := d.string()
		if err != nil {
			return nil, err
		}
		if _, twice := o.Values[key]; twice {
			d.at = start
			return nil, d.fail("key %q comes twice in one object", key)
		}
		if !d.next(':') {
			return nil, d.fail("expected ':' behind key %q, got %s", key, d.found())
		}
		d.space()
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		o.Set(key, value)
		if d.next('}') {
			return o, nil
		}
		if !d.next(',') {
			return nil, d.fail("expected ',' or '}' behind the value of %q, got %s", key, d.found())
		}
	}
}

func (d *decoder) list(depth int) (any, error) {
	d.at++
	items := []any{}
	if d.next(']') {
		return items, nil
	}
	for {
		d.space()
		value, err := d.value(depth + 1)
		if err != nil {
			return nil, err
		}
		items = append(items, value)
		if d.next(']') {
			return items, nil
		}
		if !d.next(',') {
			return nil, d.fail("expected ',' or ']' in a list, got %s", d.found())
		}
	}
}

// string reads the string at the decoder's place.
func (d *decoder) string() (string, error) {
	d.at++
	start, ascii := d.at, true
	for d.at < len(d.data) {
		switch c := d.data[d.at]; {
		case c == '"':
			s := d.data[start:d.at]
			if !ascii && !utf8.Valid(s) {
				return "", d.notUTF8(start)
			}
			d.at++
			return string(s), nil
		case c == '\\':
			return d.escaped(start)
		case c < ' ':
			return "", d.fail("control character 0x%02x in a string, expected it escaped", c)
		case c >= utf8.RuneSelf:
			ascii = false
		}
		d.at++
	}
	return "", d.fail("string without an end")
}

// escaped reads on in a string that began at start, from its first escape.
func (d *decoder) escaped(start int) (string, error) {
	s := append([]byte(nil), d.data[start:d.at]...)
	for d.at < len(d.data) {
		switch c := d.data[d.at]; {
		case c == '"':
			if !utf8.Valid(s) {
				return "", d.notUTF8(start)
			}
			d.at++
			return string(s), nil
		case c < ' ':
			return "", d.fail("control character 0x%02x in a string, expected it escaped", c)
		case c != '\\':
			s = append(s, c)
			d.at++
		default:
			r, err := d.escape()
			if err != nil {
				return "", err
			}
			s = utf8.AppendRune(s, r)
		}
	}
	return "", d.fail("string without an end")
}

// notUTF8 is the error of a string that began at start.
func (d *decoder) notUTF8(start int) error {
	for d.at = start; d.at < len(d.data); {
		r, size := utf8.DecodeRune(d.data[d.at:])
		if r == utf8.RuneError && size == 1 {
			break
		}
		d.at += size
	}
	return d.fail("not UTF-8: %s", d.found())
}

// simpleEscapes are the letters behind a backslash that stand for one character.
var simpleEscapes = map[byte]rune{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escape reads one escape, or the two of a surrogate pair.
func (d *decoder) escape() (rune, error) {
	if d.at+1 >= len(d.data) {
		d.at = len(d.data)
		return 0, d.fail("string without an end")
	}
	c := d.data[d.at+1]
	if r, ok := simpleEscapes[c]; ok {
		d.at += 2
		return r, nil
	}
	if c != 'u' {
		return 0, d.fail("unknown escape \\%c", c)
	}
	r, err := d.hex(d.at + 2)
	if err != nil {
		return 0, err
	}
	if !utf16.IsSurrogate(r) {
		d.at += 6
		return r, nil
	}
	if d.at+7 < len(d.data) && d.data[d.at+6] == '\\' && d.data[d.at+7] == 'u' {
		if low, err := d.hex(d.at + 8); err == nil {
			if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
				d.at += 12
				return pair, nil
			}
		}
	}
	return 0, d.fail("\\u%04x is half of a surrogate pair, without the other", r)
}

func (d *decoder) hex(at int) (rune, error) {
	if at+4 > len(d.data) {
		d.at = len(d.data)
		return 0, d.fail("string without an end")
	}
	v, err := strconv.ParseUint(string(d.data[at:at+4]), 16, 16)
	if err != nil {
		return 0, d.fail("expected four hexadecimal digits behind \\u, got %q", d.data[at:at+4])
	}
	return rune(v), nil
}

func (d *decoder) number() (any, error) {
	start, whole := d.at, true
	digits := func() bool {
		from := d.at
		for d.at < len(d.data) && '0' <= d.data[d.at] && d.data[d.at] <= '9' {
			d.at++
		}
		return d.at > from
	}
	is := func(set string) bool {
		for i := range len(set) {
			if d.at < len(d.data) && d.data[d.at] == set[i] {
				d.at++
				return true
			}
		}
		return false
	}
	is("-")
	zero := d.at < len(d.data) && d.data[d.at] == '0'
	if from := d.at; !digits() || zero && d.at > from+1 {
		return nil, d.fail("malformed number %q", d.data[start:min(d.at+1, len(d.data))])
	}
	if is(".") {
		if whole = false; !digits() {
			return nil, d.fail("expected a digit behind the point, got %s", d.found())
		}
	}
	if is("eE") {
		whole = false
		if is("+-"); !digits() {
			return nil, d.fail("expected an exponent, got %s", d.found())
		}
	}
	text := string(d.data[start:d.at])
	if whole {
		v, err := strconv.ParseInt(text, 10, 64)
		if errors.Is(err, strconv.ErrRange) {
			return json.Number(text), nil
		}
		return v, err
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		d.at = start
		return nil, d.fail("number %s is beyond float64", text)
	}
	return v, nil
}

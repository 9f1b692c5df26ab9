package tokenizerjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
)

// unread is a JSON value that is still to be read. It is a part of the file's
// own bytes, which json.Valid has accepted: a vocabulary may be most of the
// file, and is read from there without a copy.
type unread []byte

// fields reads those members of an object that have a place in to. An unread
// there gets the value as it stands; the last of several members with one name counts.
func fields(object unread, to map[string]any) error {
	if object.kind() != '{' {
		return fmt.Errorf("expected an object, got %.40s", object)
	}
	for key, value := range members(object) {
		name, err := unquote(key)
		if err != nil {
			return err
		}
		place, ok := to[string(name)]
		if !ok {
			continue
		}
		if raw, ok := place.(*unread); ok {
			*raw = value
			continue
		}
		if err := json.Unmarshal(value, place); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// kind returns the byte that v begins with, 0 if there is no value.
func (v unread) kind() byte {
	if len(v) == 0 {
		return 0
	}
	return v[0]
}

// absent reports whether v is null or not there.
func (v unread) absent() bool { return v.kind() == 0 || v.kind() == 'n' }

// members yields the names of an object, in quotes, and their values.
func members(object unread) iter.Seq2[unread, unread] {
	return func(yield func(key, value unread) bool) {
		for rest := skipMark(object); rest[0] != '}'; {
			var key, value unread
			key, rest = cutValue(rest)
			value, rest = cutValue(skipMark(rest))
			if !yield(key, value) {
				return
			}
			if rest[0] == ',' {
				rest = skipMark(rest)
			}
		}
	}
}

// elements yields the values of a list.
func elements(list unread) iter.Seq[unread] {
	return func(yield func(value unread) bool) {
		for rest := skipMark(list); rest[0] != ']'; {
			var value unread
			value, rest = cutValue(rest)
			if !yield(value) {
				return
			}
			if rest[0] == ',' {
				rest = skipMark(rest)
			}
		}
	}
}

// skipMark passes over one byte and the white space after it.
func skipMark(b []byte) []byte { return skipSpace(b[1:]) }

func skipSpace(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\n' || b[0] == '\t' || b[0] == '\r') {
		b = b[1:]
	}
	return b
}

// cutValue splits off the value that b begins with, and the white space after it.
func cutValue(b []byte) (value unread, rest []byte) {
	n := 0
	switch b[0] {
	case '"':
		n = stringEnd(b)
	case '{', '[':
		for depth := 0; depth > 0 || n == 0; {
			switch b[n] {
			case '"':
				n += stringEnd(b[n:])
				continue
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			n++
		}
	default:
		for n < len(b) && strings.IndexByte(",]} \n\t\r", b[n]) < 0 {
			n++
		}
	}
	return b[:n:n], skipSpace(b[n:])
}

// stringEnd returns the length of the string that b begins with, quotes included.
func stringEnd(b []byte) int {
	for i := 1; ; i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}

// unquote returns what a string says.
func unquote(v unread) ([]byte, error) {
	if v.kind() != '"' {
		return nil, fmt.Errorf("expected a string, got %.40s", v)
	}
	if bytes.IndexByte(v, '\\') < 0 {
		return v[1 : len(v)-1], nil
	}
	var s string
	err := json.Unmarshal(v, &s)
	return []byte(s), err
}

package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// str returns a value as Python's str does.
func (r *renderer) str(v any) string {
	switch v := unmarked(v).(type) {
	case string:
		return v
	case undefined:
		return ""
	}
	return r.repr(v)
}

// repr returns a value as Python's repr does.
func (r *renderer) repr(v any) string {
	var b strings.Builder
	r.writeRepr(&b, v)
	return b.String()
}

func (r *renderer) writeRepr(b *strings.Builder, v any) {
	if r.work(1); b.Len() > maxText {
		panic(limit(fmt.Sprintf("text of more than %d bytes", maxText)))
	}
	switch v := unmarked(v).(type) {
	case nil:
		b.WriteString("None")
	case bool:
		if v {
			b.WriteString("True")
		} else {
			b.WriteString("False")
		}
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(orderedjson.PythonFloat(v))
	case string:
		quote(b, v)
	case undefined:
		b.WriteString("Undefined")
	case *List:
		open, end := "[", "]"
		if v.tuple {
			open, end = "(", ")"
			if len(v.Items) == 1 {
				end = ",)"
			}
		}
		b.WriteString(open)
		for i, item := range v.Items {
			if i > 0 {
				b.WriteString(", ")
			}
			r.writeRepr(b, item)
		}
		b.WriteString(end)
	case *Dict:
		b.WriteByte('{')
		for i, key := range v.Keys {
			if i > 0 {
				b.WriteString(", ")
			}
			r.writeRepr(b, key)
			b.WriteString(": ")
			r.writeRepr(b, v.Values[key])
		}
		b.WriteByte('}')
	default:
		fmt.Fprintf(b, "<%s>", typeName(v))
	}
}

// quote writes s as Python's repr of a str does.
func quote(b *strings.Builder, s string) {
	q := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		q = '"'
	}
	b.WriteByte(q)
	for _, r := range s {
		switch {
		case r == rune(q) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte(q)
}

// isSpace tells whether Python's str.isspace counts r as white space.
func isSpace(r rune) bool { return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f }

// strip removes white space, or the characters of a cutset that is not nil, from the ends that are asked for.
func strip(s string, cutset any, left, right bool) (string, error) {
	in := isSpace
	switch set := cutset.(type) {
	case nil:
	case string:
		in = func(r rune) bool { return strings.ContainsRune(set, r) }
	default:
		return "", fmt.Errorf("strip takes a string, got %s", typeName(cutset))
	}
	if left {
		s = strings.TrimLeftFunc(s, in)
	}
	if right {
		s = strings.TrimRightFunc(s, in)
	}
	return s, nil
}

// splitLines cuts s at Python's line ends.
func splitLines(s string, keep bool) []string {
	var lines []string
	for start := 0; start < len(s); {
		end := strings.IndexFunc(s[start:], func(r rune) bool {
			return r >= '\n' && r <= '\r' || r >= 0x1c && r <= 0x1e || r == 0x85 || r == 0x2028 || r == 0x2029
		})
		if end < 0 {
			return append(lines, s[start:])
		}
		end += start
		next := end + 1
		switch {
		case strings.HasPrefix(s[end:], "\r\n"):
			next = end + 2
		case s[end] >= 0x80:
			next = end + len(string([]rune(s[end:min(len(s), end+4)])[0]))
		}
		if keep {
			lines = append(lines, s[start:next])
		} else {
			lines = append(lines, s[start:end])
		}
		start = next
	}
	return lines
}

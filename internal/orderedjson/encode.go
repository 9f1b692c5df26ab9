package orderedjson

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Format says how JSON is written. Its zero value writes as Python's json.dumps(value, ensure_ascii=False).
type Format struct {
	Indent   *string    // what each level is indented by, on lines of its own; nil writes one line
	Between  *[2]string // what stands between items and behind keys; nil: ", " and ": ", with an indent "," and ": "
	ASCII    bool       // escapes all that isn't ASCII
	SortKeys bool
}

// Append writes value behind dst as Python's json does, its floats as Python prints them.
// Values of another type than those of this package are a programmer's mistake and panic.
func Append(dst []byte, value any, f Format) []byte {
	w := writer{Format: f, item: ", ", key: ": "}
	if f.Indent != nil {
		w.item = ","
	}
	if f.Between != nil {
		w.item, w.key = f.Between[0], f.Between[1]
	}
	return w.value(dst, value, 1)
}

type writer struct {
	Format
	item, key string
}

func (w *writer) value(dst []byte, value any, level int) []byte {
	switch v := value.(type) {
	case nil:
		return append(dst, "null"...)
	case bool:
		return strconv.AppendBool(dst, v)
	case int64:
		return strconv.AppendInt(dst, v, 10)
	case json.Number:
		return append(dst, v...)
	case float64:
		switch {
		case math.IsNaN(v):
			return append(dst, "NaN"...)
		case math.IsInf(v, 1):
			return append(dst, "Infinity"...)
		case math.IsInf(v, -1):
			return append(dst, "-Infinity"...)
		}
		return append(dst, PythonFloat(v)...)
	case string:
		return AppendString(dst, v, w.ASCII)
	case []any:
		if len(v) == 0 {
			return append(dst, "[]"...)
		}
		dst = append(dst, '[')
		for i, item := range v {
			dst = w.value(w.before(dst, i, level), item, level+1)
		}
		return append(w.line(dst, level-1), ']')
	case *Object:
		if len(v.Keys) == 0 {
			return append(dst, "{}"...)
		}
		keys := v.Keys
		if w.SortKeys {
			keys = slices.Sorted(slices.Values(keys))
		}
		dst = append(dst, '{')
		for i, key := range keys {
			dst = AppendString(w.before(dst, i, level), key, w.ASCII)
			dst = w.value(append(dst, w.key...), v.Values[key], level+1)
		}
		return append(w.line(dst, level-1), '}')
	}
	panic(fmt.Sprintf("orderedjson: value of type %T", value))
}

// before writes what stands before item i of a list or object.
func (w *writer) before(dst []byte, i, level int) []byte {
	if i > 0 {
		dst = append(dst, w.item...)
	}
	return w.line(dst, level)
}

func (w *writer) line(dst []byte, level int) []byte {
	if w.Indent == nil {
		return dst
	}
	return append(append(dst, '\n'), strings.Repeat(*w.Indent, level)...)
}

// AppendString writes s as a JSON string behind dst. ascii escapes all that isn't ASCII, and the character 127, as Python does.
func AppendString(dst []byte, s string, ascii bool) []byte {
	dst = append(dst, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r == '\n':
			dst = append(dst, `\n`...)
		case r == '\r':
			dst = append(dst, `\r`...)
		case r == '\t':
			dst = append(dst, `\t`...)
		case r == '\b':
			dst = append(dst, `\b`...)
		case r == '\f':
			dst = append(dst, `\f`...)
		case r < ' ' || ascii && (r == 127 || r > 127 && r < 0x10000):
			dst = fmt.Appendf(dst, `\u%04x`, r)
		case ascii && r >= 0x10000:
			high, low := utf16.EncodeRune(r)
			dst = fmt.Appendf(dst, `\u%04x\u%04x`, high, low)
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}

// PythonFloat returns a number as Python's repr writes it: the shortest digits that give the same number, always with a point or an exponent.
func PythonFloat(v float64) string {
	switch {
	case math.IsNaN(v):
		return "nan"
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	}
	short := strconv.FormatFloat(v, 'e', -1, 64)
	exponent, _ := strconv.Atoi(short[strings.IndexByte(short, 'e')+1:])
	if exponent < -4 || exponent >= 16 {
		return short
	}
	plain := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(plain, ".") {
		plain += ".0"
	}
	return plain
}

package jinja

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// filterFunc is a filter: what it makes of v.
type filterFunc func(r *renderer, v any, args arguments) (any, error)

var filters map[string]filterFunc

func init() {
	text := func(f func(string) string) filterFunc {
		return func(r *renderer, v any, args arguments) (any, error) { return f(r.str(v)), args.check("filter", 0, 0) }
	}
	filters = map[string]filterFunc{
		"upper": text(upper), "lower": text(strings.ToLower), "title": text(titleWords), "capitalize": text(capitalize),
		"string": text(func(s string) string { return s }), "escape": escapeFilter, "e": escapeFilter, "forceescape": escapeFilter,
		"safe": func(r *renderer, v any, args arguments) (any, error) {
			return markup(r.str(v)), args.check("safe", 0, 0)
		},
		"wordcount": func(r *renderer, v any, args arguments) (any, error) {
			return int64(len(strings.FieldsFunc(r.str(v), isSpace))), args.check("wordcount", 0, 0)
		},
		"urlencode": text(func(s string) string {
			return strings.ReplaceAll(strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), "%2F", "/")
		}),
		"trim": func(r *renderer, v any, args arguments) (any, error) {
			if err := args.check("trim", 0, 1, "chars"); err != nil {
				return nil, err
			}
			return strip(r.str(v), args.take(0, "chars", nil), true, true)
		},
		"replace": func(r *renderer, v any, args arguments) (any, error) {
			if err := args.check("replace", 2, 3, "old", "new", "count"); err != nil {
				return nil, err
			}
			count := args.take(2, "count", nil)
			if count == nil {
				count = int64(-1)
			}
			return replace(r, r.str(v), arguments{items: []any{r.str(args.take(0, "old", "")), r.str(args.take(1, "new", "")), count}})
		},
		"indent": indent, "format": func(r *renderer, v any, args arguments) (any, error) {
			if len(args.names) > 0 {
				return nil, fmt.Errorf("arguments by name are not supported")
			}
			return r.percent(r.str(v), &List{Items: args.items, tuple: true})
		},
		"tojson": toJSON, "default": orDefault, "d": orDefault, "int": toInt, "float": toFloat, "abs": absolute, "round": round,
		"length": length, "count": length, "list": toList, "first": first, "last": last, "reverse": reverse, "items": items, "join": joinFilter,
		"attr": func(r *renderer, v any, args arguments) (any, error) {
			name, err := oneString("attr", args)
			if err != nil {
				return nil, err
			}
			if _, dict := v.(*Dict); dict {
				m, err := dictMethod(v.(*Dict), name)
				if m == nil && err == nil {
					m = undefined{fmt.Sprintf("dict has no attribute %q", name)}
				}
				return m, err
			}
			return r.attribute(v, name)
		},
		"map": mapFilter, "select": choose(true, false), "reject": choose(false, false), "selectattr": choose(true, true), "rejectattr": choose(false, true),
		"sort": sortFilter, "dictsort": dictSort, "unique": unique, "min": extreme(-1), "max": extreme(1), "sum": sum, "groupby": groupBy,
		"batch": batch, "slice": sliceFilter,
	}
}

var escapeHTML = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func escapeFilter(r *renderer, v any, args arguments) (any, error) {
	if m, ok := v.(markup); ok {
		return m, args.check("escape", 0, 0)
	}
	return markup(escapeHTML.Replace(r.str(v))), args.check("escape", 0, 0)
}

// titleWords is the filter title: the first letter of each word, cut at white space and brackets.
func titleWords(s string) string {
	begins := true
	var b strings.Builder
	for _, r := range s {
		switch {
		case isSpace(r) || strings.ContainsRune("-({[<", r):
			begins = true
			b.WriteRune(r)
		case begins:
			begins = false
			b.WriteString(upper(string(r)))
		default:
			b.WriteString(strings.ToLower(string(r)))
		}
	}
	return b.String()
}

func indent(r *renderer, v any, args arguments) (any, error) {
	if err := args.check("indent", 0, 3, "width", "first", "blank"); err != nil {
		return nil, err
	}
	var pad string
	switch width := number(args.take(0, "width", int64(4))).(type) {
	case int64:
		r.size(int(min(width, maxText+1)))
		pad = strings.Repeat(" ", int(max(0, width)))
	case string:
		pad = width
	default:
		return nil, fmt.Errorf("width is %s, expected an integer or a string", describe(width))
	}
	lines := splitLines(r.str(v)+"\n", false)
	r.size(len(lines) * len(pad))
	blank := truth(args.take(2, "blank", false))
	for i, line := range lines {
		if i > 0 && (blank || line != "") || i == 0 && truth(args.take(1, "first", false)) {
			lines[i] = pad + line
		}
	}
	return r.join(lines, "\n"), nil
}

func orDefault(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("default", 0, 2, "default_value", "boolean"); err != nil {
		return nil, err
	}
	_, missing := v.(undefined)
	if missing || truth(args.take(1, "boolean", false)) && !truth(v) {
		return args.take(0, "default_value", ""), nil
	}
	return v, nil
}

func toInt(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("int", 0, 2, "default", "base"); err != nil {
		return nil, err
	}
	base, ok := args.take(1, "base", int64(10)).(int64)
	if !ok || base < 2 || base > 36 {
		return nil, fmt.Errorf("base of a number")
	}
	switch x := number(v).(type) {
	case int64:
		return x, nil
	case float64:
		if math.Abs(x) < 1<<63 {
			return int64(x), nil
		}
	case string:
		s := strings.TrimFunc(x, isSpace)
		if i, err := strconv.ParseInt(strings.TrimPrefix(s, "+"), int(base), 64); err == nil {
			return i, nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil && math.Abs(f) < 1<<63 {
			return int64(f), nil
		}
	case undefined:
		return nil, fmt.Errorf("%s", x.what)
	}
	return args.take(0, "default", int64(0)), nil
}

func toFloat(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("float", 0, 1, "default"); err != nil {
		return nil, err
	}
	switch x := v.(type) {
	case undefined:
		return nil, fmt.Errorf("%s", x.what)
	case string:
		if f, err := strconv.ParseFloat(strings.TrimFunc(x, isSpace), 64); err == nil {
			return f, nil
		}
	}
	if f, ok := float(v); ok {
		return f, nil
	}
	return args.take(0, "default", 0.0), nil
}

func absolute(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("abs", 0, 0); err != nil {
		return nil, err
	}
	switch x := number(v).(type) {
	case int64:
		return max(x, -x), nil
	case float64:
		return math.Abs(x), nil
	}
	return nil, fmt.Errorf("%s has no absolute value", describe(v))
}

func round(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("round", 0, 2, "precision", "method"); err != nil {
		return nil, err
	}
	x, ok := float(v)
	precision, whole := number(args.take(0, "precision", int64(0))).(int64)
	if !ok || !whole || precision > 15 || precision < -300 {
		return nil, fmt.Errorf("%s can't be rounded so", describe(v))
	}
	scale := math.Pow(10, float64(precision))
	switch how := args.take(1, "method", "common"); how {
	case "common":
		if precision < 0 {
			return math.RoundToEven(x*scale) / scale, nil
		}
		f, err := strconv.ParseFloat(strconv.FormatFloat(x, 'f', int(precision), 64), 64)
		return f, err
	case "ceil":
		return math.Ceil(x*scale) / scale, nil
	case "floor":
		return math.Floor(x*scale) / scale, nil
	default:
		return nil, fmt.Errorf("method must be common, ceil or floor")
	}
}

func length(_ *renderer, v any, args arguments) (any, error) {
	if err := args.check("length", 0, 0); err != nil {
		return nil, err
	}
	switch v := v.(type) {
	case undefined:
		return int64(0), nil
	case string:
		return int64(utf8.RuneCountInString(v)), nil
	case *List:
		return int64(len(v.Items)), nil
	case *Dict:
		return int64(len(v.Keys)), nil
	}
	return nil, fmt.Errorf("%s has no length", describe(v))
}

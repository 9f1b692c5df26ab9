package jinja

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// method is a method of a string.
type method func(r *renderer, s string, args arguments) (any, error)

// stringMethods are the methods of Python's str that templates use.
var stringMethods map[string]method

func init() {
	stripper := func(left, right bool) method {
		return func(_ *renderer, s string, args arguments) (any, error) {
			if err := args.check("strip", 0, 1); err != nil {
				return nil, err
			}
			return strip(s, args.take(0, "", nil), left, right)
		}
	}
	mapped := func(f func(string) string) method {
		return func(_ *renderer, s string, args arguments) (any, error) { return f(s), args.check("method", 0, 0) }
	}
	every := func(f func(rune) bool) method {
		return func(_ *renderer, s string, args arguments) (any, error) {
			return s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0, args.check("method", 0, 0)
		}
	}
	stringMethods = map[string]method{
		"strip": stripper(true, true), "lstrip": stripper(true, false), "rstrip": stripper(false, true),
		"upper": mapped(upper), "lower": mapped(strings.ToLower), "casefold": mapped(strings.ToLower), "title": mapped(title), "capitalize": mapped(capitalize),
		"isdigit": every(unicode.IsDigit), "isnumeric": every(unicode.IsNumber), "isdecimal": every(unicode.IsDigit), "isalpha": every(unicode.IsLetter), "isspace": every(isSpace),
		"isalnum": every(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"isupper": mappedTest(upper), "islower": mappedTest(strings.ToLower),
		"split":  func(r *renderer, s string, args arguments) (any, error) { return r.split(s, args, false) },
		"rsplit": func(r *renderer, s string, args arguments) (any, error) { return r.split(s, args, true) },
		"splitlines": func(r *renderer, s string, args arguments) (any, error) {
			return r.strings(splitLines(s, truth(args.take(0, "keepends", false)))), args.check("splitlines", 0, 1, "keepends")
		},
		"startswith":   affixTest(strings.HasPrefix),
		"endswith":     affixTest(strings.HasSuffix),
		"removeprefix": affix(strings.TrimPrefix),
		"removesuffix": affix(strings.TrimSuffix),
		"partition":    affixed(func(s, sep string) (int, bool) { i := strings.Index(s, sep); return i, true }),
		"rpartition":   affixed(func(s, sep string) (int, bool) { i := strings.LastIndex(s, sep); return i, false }),
		"find":         finder(strings.Index, false),
		"rfind":        finder(strings.LastIndex, false),
		"index":        finder(strings.Index, true),
		"rindex":       finder(strings.LastIndex, true),
		"count": func(_ *renderer, s string, args arguments) (any, error) {
			sub, err := oneString("count", args)
			return int64(strings.Count(s, sub)), err
		},
		"replace": replace,
		"join": func(r *renderer, s string, args arguments) (any, error) {
			if err := args.check("join", 1, 1); err != nil {
				return nil, err
			}
			items, err := iterate(args.items[0])
			if err != nil {
				return nil, err
			}
			parts := make([]string, len(items))
			for i, item := range items {
				var ok bool
				if parts[i], ok = item.(string); !ok {
					return nil, fmt.Errorf("item %d is %s, expected a string", i, describe(item))
				}
			}
			return r.join(parts, s), nil
		},
		"format": func(r *renderer, s string, args arguments) (any, error) { return r.format(s, args) },
		"zfill":  padder('0', false), "ljust": padder(' ', true), "rjust": padder(' ', false),
	}
}

// join is strings.Join within the bounds.
func (r *renderer) join(parts []string, between string) string {
	n := 0
	for _, p := range parts {
		n += len(p) + len(between)
		r.size(n)
	}
	return strings.Join(parts, between)
}

// strings makes a list of strings.
func (r *renderer) strings(parts []string) *List {
	items := make([]any, len(parts))
	for i, p := range parts {
		items[i] = p
	}
	return r.list(items)
}

func mappedTest(f func(string) string) method {
	return func(_ *renderer, s string, args arguments) (any, error) {
		return f(s) == s && strings.ToUpper(s) != strings.ToLower(s), args.check("method", 0, 0)
	}
}

// oneString returns the one argument of a method, a string.
func oneString(name string, args arguments) (string, error) {
	if err := args.check(name, 1, 1); err != nil {
		return "", err
	}
	s, ok := args.items[0].(string)
	if !ok {
		return "", fmt.Errorf("expected a string, got %s", describe(args.items[0]))
	}
	return s, nil
}

func affix(f func(s, affix string) string) method {
	return func(_ *renderer, s string, args arguments) (any, error) {
		x, err := oneString("method", args)
		return f(s, x), err
	}
}

// affixTest is startswith or endswith, which take a tuple too.
func affixTest(f func(s, affix string) bool) method {
	return func(_ *renderer, s string, args arguments) (any, error) {
		if err := args.check("method", 1, 1); err != nil {
			return nil, err
		}
		if l, ok := args.items[0].(*List); ok && l.tuple {
			for _, item := range l.Items {
				x, ok := item.(string)
				if !ok {
					return nil, fmt.Errorf("expected strings, got %s", describe(item))
				}
				if f(s, x) {
					return true, nil
				}
			}
			return false, nil
		}
		x, err := oneString("method", args)
		return f(s, x), err
	}
}

// affixed is partition or rpartition.
func affixed(index func(s, sep string) (int, bool)) method {
	return func(_ *renderer, s string, args arguments) (any, error) {
		sep, err := oneString("partition", args)
		if err != nil || sep == "" {
			return nil, fmt.Errorf("expected a separator that isn't empty")
		}
		i, first := index(s, sep)
		parts := []any{s, "", ""}
		switch {
		case i >= 0:
			parts = []any{s[:i], sep, s[i+len(sep):]}
		case !first:
			parts = []any{"", "", s}
		}
		return &List{Items: parts, tuple: true}, nil
	}
}

func finder(index func(s, sub string) int, must bool) method {
	return func(_ *renderer, s string, args arguments) (any, error) {
		sub, err := oneString("find", args)
		if err != nil {
			return nil, err
		}
		i := index(s, sub)
		if i < 0 && must {
			return nil, fmt.Errorf("substring not found")
		}
		if i > 0 {
			i = utf8.RuneCountInString(s[:i])
		}
		return int64(i), nil
	}
}

func padder(fill rune, behind bool) method {
	return func(r *renderer, s string, args arguments) (any, error) {
		if err := args.check("method", 1, 2); err != nil {
			return nil, err
		}
		width, ok := args.items[0].(int64)
		if !ok {
			return nil, fmt.Errorf("expected a width, got %s", describe(args.items[0]))
		}
		with := string(fill)
		if c, ok := args.take(1, "", with).(string); ok && utf8.RuneCountInString(c) == 1 {
			with = c
		}
		n := max(0, min(width, maxText+1)-int64(utf8.RuneCountInString(s)))
		r.size(len(s) + int(n))
		pad := strings.Repeat(with, int(n))
		switch {
		case behind:
			return s + pad, nil
		case fill == '0' && s != "" && strings.ContainsRune("+-", rune(s[0])):
			return s[:1] + pad + s[1:], nil
		}
		return pad + s, nil
	}
}

func replace(r *renderer, s string, args arguments) (any, error) {
	if err := args.check("replace", 2, 3, "count"); err != nil {
		return nil, err
	}
	before, first := args.items[0].(string)
	after, second := args.items[1].(string)
	if !first || !second {
		return nil, fmt.Errorf("expected strings, got %s and %s", describe(args.items[0]), describe(args.items[1]))
	}
	n, ok := number(args.take(2, "count", int64(-1))).(int64)
	if !ok {
		return nil, fmt.Errorf("expected a count")
	}
	n = max(-1, min(n, int64(len(s)+1)))
	r.size(len(s) + strings.Count(s, before)*max(0, len(after)-len(before)))
	return strings.Replace(s, before, after, int(n)), nil
}

// split is Python's split and rsplit.
func (r *renderer) split(s string, args arguments, right bool) (any, error) {
	if err := args.check("split", 0, 2, "sep", "maxsplit"); err != nil {
		return nil, err
	}
	n, ok := number(args.take(1, "maxsplit", int64(-1))).(int64)
	if !ok {
		return nil, fmt.Errorf("expected the number of splits, got %s", describe(args.take(1, "maxsplit", nil)))
	}
	if n < 0 {
		n = int64(len(s) + 1)
	}
	var parts []string
	switch sep := args.take(0, "sep", nil).(type) {
	case nil:
		parts = splitSpace(s, n, right)
	case string:
		if sep == "" {
			return nil, fmt.Errorf("empty separator")
		}
		if n = min(n, int64(len(s)+1)); !right {
			parts = strings.SplitN(s, sep, int(n)+1)
			break
		}
		for ; n > 0; n-- {
			i := strings.LastIndex(s, sep)
			if i < 0 {
				break
			}
			parts = append(parts, s[i+len(sep):])
			s = s[:i]
		}
		parts = append(parts, s)
		for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
			parts[i], parts[j] = parts[j], parts[i]
		}
	default:
		return nil, fmt.Errorf("expected a separator, got %s", describe(sep))
	}
	return r.strings(parts), nil
}

// splitSpace splits at white space, at most n times.
func splitSpace(s string, n int64, right bool) []string {
	all := strings.FieldsFunc(s, isSpace)
	if int64(len(all)) <= n {
		return all
	}
	if right {
		s = strings.TrimRightFunc(s, isSpace)
		var parts []string
		for ; n > 0; n-- {
			i := strings.LastIndexFunc(s, isSpace)
			_, size := utf8.DecodeRuneInString(s[i:])
			parts = append([]string{s[i+size:]}, parts...)
			s = strings.TrimRightFunc(s[:i], isSpace)
		}
		return append([]string{s}, parts...)
	}
	s = strings.TrimLeftFunc(s, isSpace)
	var parts []string
	for ; n > 0; n-- {
		i := strings.IndexFunc(s, isSpace)
		parts = append(parts, s[:i])
		s = strings.TrimLeftFunc(s[i:], isSpace)
	}
	return append(parts, s)
}

// upper is Python's upper: letters may become several.
func upper(s string) string {
	if i := strings.IndexFunc(s, func(r rune) bool { return r >= utf8.RuneSelf }); i < 0 {
		return strings.ToUpper(s)
	}
	return cases.Upper(language.Und).String(s)
}

func capitalize(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[size:])
}

func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			inWord = false
			return r
		}
		if inWord {
			return unicode.ToLower(r)
		}
		inWord = true
		return unicode.ToTitle(r)
	}, s)
}

// mutators are methods of lists that the sandbox refuses.
var mutators = map[string]bool{"append": true, "clear": true, "extend": true, "insert": true, "pop": true, "remove": true, "reverse": true, "sort": true}

func dictMethod(d *Dict, name string) (any, error) {
	none := func(f func() any) any {
		return &function{name, func(_ *renderer, args arguments) (any, error) { return f(), args.check(name, 0, 0) }}
	}
	values := func(f func(key any) any) any {
		return none(func() any {
			items := make([]any, len(d.Keys))
			for i, k := range d.Keys {
				items[i] = f(k)
			}
			return &List{Items: items}
		})
	}
	switch name {
	case "items":
		return values(func(k any) any { return &List{Items: []any{k, d.Values[k]}, tuple: true} }), nil
	case "keys":
		return values(func(k any) any { return k }), nil
	case "values":
		return values(func(k any) any { return d.Values[k] }), nil
	case "copy":
		return none(func() any { return d }), nil // nothing changes either
	case "get":
		return &function{name, func(_ *renderer, args arguments) (any, error) {
			if err := args.check("get", 1, 2); err != nil {
				return nil, err
			}
			key, err := hashable(args.items[0])
			if err != nil {
				return nil, err
			}
			if v, ok := d.Values[key]; ok {
				return v, nil
			}
			return args.take(1, "", nil), nil
		}}, nil
	case "pop", "clear", "update", "setdefault", "popitem":
		return nil, fmt.Errorf("access to method %q of a dict is not safe: templates can't change values", name)
	}
	return nil, nil
}

func listMethod(l *List, name string) (any, error) {
	switch {
	case name == "index" || name == "count":
		return &function{name, func(r *renderer, args arguments) (any, error) {
			if err := args.check(name, 1, 1); err != nil {
				return nil, err
			}
			n := int64(0)
			for i, item := range l.Items {
				if r.equal(item, args.items[0]) {
					if n++; name == "index" {
						return int64(i), nil
					}
				}
			}
			if name == "index" {
				return nil, fmt.Errorf("%s is not in the list", r.repr(args.items[0]))
			}
			return n, nil
		}}, nil
	case name == "copy" && !l.tuple:
		return &function{name, func(_ *renderer, args arguments) (any, error) { return l, args.check(name, 0, 0) }}, nil
	case mutators[name] && !l.tuple:
		return nil, fmt.Errorf("access to method %q of a list is not safe: templates can't change values", name)
	}
	return nil, nil
}

package jinja

import (
	"fmt"
	"strconv"
	"strings"
)

// globals are the functions that every template has.
var globals map[string]*function

func init() {
	globals = map[string]*function{}
	for name, call := range map[string]func(r *renderer, args arguments) (any, error){
		"range": rangeOf, "dict": dictOf, "namespace": namespaceOf, "cycler": cycler, "joiner": joiner,
		"raise_exception": func(r *renderer, args arguments) (any, error) {
			if err := args.check("raise_exception", 1, 1, "message"); err != nil {
				return nil, err
			}
			return nil, &raised{r.str(args.take(0, "message", ""))}
		},
		"strftime_now": func(r *renderer, args arguments) (any, error) {
			format, err := oneString("strftime_now", args)
			if err != nil {
				return nil, err
			}
			return strftime(r.options.Now, format)
		},
	} {
		globals[name] = &function{name, call}
	}
}

// raised is what raise_exception raises.
type raised struct{ msg string }

func (e *raised) Error() string { return e.msg }

func rangeOf(r *renderer, args arguments) (any, error) {
	if err := args.check("range", 1, 3); err != nil {
		return nil, err
	}
	var n [3]int64
	for i, a := range args.items {
		var ok bool
		if n[i], ok = number(a).(int64); !ok {
			return nil, fmt.Errorf("range of %s, expected an integer", describe(a))
		}
	}
	start, end, step := n[0], n[1], n[2]
	switch len(args.items) {
	case 1:
		start, end, step = 0, n[0], 1
	case 2:
		step = 1
	}
	if step == 0 {
		return nil, fmt.Errorf("range's step is 0")
	}
	count := float64(end-start) / float64(step)
	if count > 100_000 {
		return nil, fmt.Errorf("range too big: the sandbox blocks ranges larger than 100000")
	}
	var all []any
	for i := start; step > 0 && i < end || step < 0 && i > end; i += step {
		all = append(all, i)
	}
	return r.list(all), nil
}

func dictOf(_ *renderer, args arguments) (any, error) {
	if err := args.check("dict", 0, 1, args.names...); err != nil {
		return nil, err
	}
	d := NewDict()
	if len(args.items) > 0 {
		switch from := args.items[0].(type) {
		case *Dict:
			for _, k := range from.Keys {
				d.Set(k, from.Values[k])
			}
		default:
			pairs, err := iterate(from)
			if err != nil {
				return nil, err
			}
			for _, p := range pairs {
				pair, err := iterate(p)
				if err != nil || len(pair) != 2 {
					return nil, fmt.Errorf("dict expects pairs")
				}
				key, err := hashable(pair[0])
				if err != nil {
					return nil, err
				}
				d.Set(key, pair[1])
			}
		}
	}
	for _, name := range args.names {
		d.Set(name, args.named[name])
	}
	return d, nil
}

func namespaceOf(r *renderer, args arguments) (any, error) {
	d, err := dictOf(r, args)
	if err != nil {
		return nil, err
	}
	for _, k := range d.(*Dict).Keys {
		if name, ok := k.(string); ok && strings.HasPrefix(name, "_") {
			return nil, fmt.Errorf("a namespace can't have an attribute that begins with an underscore, got %q", name)
		}
	}
	return &namespace{d.(*Dict)}, nil
}

func cycler(_ *renderer, args arguments) (any, error) {
	if len(args.items) == 0 {
		return nil, fmt.Errorf("at least one item has to be provided")
	}
	at := 0
	values := NewDict()
	move := func(to int) { at = to; values.Set("current", args.items[at]) }
	move(0)
	values.Set("next", &function{"next", func(*renderer, arguments) (any, error) {
		v := args.items[at]
		move((at + 1) % len(args.items))
		return v, nil
	}})
	values.Set("reset", &function{"reset", func(*renderer, arguments) (any, error) {
		move(0)
		return nil, nil
	}})
	return &namespace{values}, nil
}

func joiner(r *renderer, args arguments) (any, error) {
	if err := args.check("joiner", 0, 1, "sep"); err != nil {
		return nil, err
	}
	between, used := r.str(args.take(0, "sep", ", ")), false
	return &function{"joiner", func(*renderer, arguments) (any, error) {
		if !used {
			used = true
			return "", nil
		}
		return between, nil
	}}, nil
}

// percent is Python's "text % values", for the letters s, r, d, i, f and %.
func (r *renderer) percent(s string, values any) (any, error) {
	all := []any{values}
	if l, ok := values.(*List); ok && l.tuple {
		all = l.Items
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			b.WriteByte(s[i])
			continue
		}
		from := i + 1
		for i++; i < len(s) && strings.IndexByte("0123456789.-+ #", s[i]) >= 0; i++ {
		}
		if i >= len(s) {
			return nil, fmt.Errorf("incomplete format")
		}
		if s[i] == '%' {
			b.WriteByte('%')
			continue
		}
		if len(all) == 0 {
			return nil, fmt.Errorf("not enough arguments for format string")
		}
		v := all[0]
		all = all[1:]
		flags := s[from:i]
		if len(flags) > 6 {
			return nil, fmt.Errorf("format %q is not supported", flags)
		}
		var text string
		switch f, isNumber := float(v); {
		case s[i] == 's':
			text = fmt.Sprintf("%"+flags+"s", r.str(v))
		case s[i] == 'r':
			text = fmt.Sprintf("%"+flags+"s", r.repr(v))
		case (s[i] == 'd' || s[i] == 'i') && isNumber:
			text = fmt.Sprintf("%"+flags+"d", int64(f))
		case s[i] == 'f' && isNumber:
			text = fmt.Sprintf("%"+flags+"f", f)
		default:
			return nil, fmt.Errorf("format %%%c of %s is not supported", s[i], describe(v))
		}
		r.size(b.Len() + len(text))
		b.WriteString(text)
	}
	if len(all) > 0 {
		if _, dict := values.(*Dict); !dict {
			return nil, fmt.Errorf("not all arguments converted during string formatting")
		}
	}
	return b.String(), nil
}

// format is Python's str.format for {}, {0} and {name} without a specification.
func (r *renderer) format(s string, args arguments) (any, error) {
	var b strings.Builder
	next := 0
	for i := 0; i < len(s); i++ {
		switch {
		case strings.HasPrefix(s[i:], "{{") || strings.HasPrefix(s[i:], "}}"):
			b.WriteByte(s[i])
			i++
		case s[i] == '}':
			return nil, fmt.Errorf("single '}' encountered in format string")
		case s[i] == '{':
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("single '{' encountered in format string")
			}
			field := s[i+1 : i+end]
			i += end
			if field == "" {
				field = strconv.Itoa(next)
				next++
			}
			var v any
			if n, err := strconv.Atoi(field); err == nil && n >= 0 && n < len(args.items) {
				v = args.items[n]
			} else if named, ok := args.named[field]; ok {
				v = named
			} else {
				return nil, fmt.Errorf("format has no value for {%s}", field)
			}
			text := r.str(v)
			r.size(b.Len() + len(text))
			b.WriteString(text)
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String(), nil
}

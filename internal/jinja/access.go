package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

func (a *attributeExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := a.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	v, err = r.attribute(v, a.name)
	return v, at(a.line, err)
}

// attribute returns v.name: an attribute or method, else the item of that key.
func (r *renderer) attribute(v any, name string) (any, error) {
	switch v := unmarked(v).(type) {
	case undefined:
		return nil, fmt.Errorf("%s", v.what)
	case *Dict:
		if m, err := dictMethod(v, name); m != nil || err != nil {
			return m, err
		}
		if item, ok := v.Values[name]; ok {
			return item, nil
		}
	case *List:
		if m, err := listMethod(v, name); m != nil || err != nil {
			return m, err
		}
	case string:
		if m, ok := stringMethods[name]; ok {
			return &function{name, func(r *renderer, args arguments) (any, error) {
				result, err := m(r, v, args)
				if err != nil {
					return nil, fmt.Errorf("%s: %w", name, err)
				}
				return result, nil
			}}, nil
		}
	case *namespace:
		if item, ok := v.values.Values[name]; ok {
			return item, nil
		}
	case *loop:
		if item, ok := v.attribute(r, name); ok {
			return item, nil
		}
	case *function:
		if name == "name" {
			return v.name, nil
		}
	}
	return undefined{fmt.Sprintf("%s has no attribute %q", typeName(v), name)}, nil
}

func (i *itemExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := i.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	key, err := i.key.eval(r, s)
	if err != nil {
		return nil, err
	}
	v, err = r.item(v, key)
	return v, at(i.line, err)
}

// item returns v[key]: the item of that key, else the attribute.
func (r *renderer) item(v, key any) (any, error) {
	v, key = unmarked(v), unmarked(key)
	switch v := v.(type) {
	case undefined:
		return nil, fmt.Errorf("%s", v.what)
	case *Dict:
		if k, err := hashable(key); err == nil {
			if item, ok := v.Values[k]; ok {
				return item, nil
			}
		}
	case *List:
		if i, ok := number(key).(int64); ok {
			if i < 0 {
				i += int64(len(v.Items))
			}
			if 0 <= i && i < int64(len(v.Items)) {
				return v.Items[i], nil
			}
		}
	case string:
		if i, ok := number(key).(int64); ok {
			if c, ok := character(v, i); ok {
				return c, nil
			}
		}
	}
	if name, ok := key.(string); ok {
		if _, dict := v.(*Dict); !dict {
			return r.attribute(v, name)
		}
		if m, err := dictMethod(v.(*Dict), name); m != nil || err != nil {
			return m, err
		}
	}
	return undefined{fmt.Sprintf("%s has no element %s", typeName(v), r.repr(key))}, nil
}

// character returns the i-th character of s, from its end where i is negative.
func character(s string, i int64) (string, bool) {
	if i < 0 {
		i += int64(utf8.RuneCountInString(s))
	}
	if i < 0 || i >= int64(len(s)) {
		return "", false
	}
	for _, r := range s {
		if i == 0 {
			return string(r), true
		}
		i--
	}
	return "", false
}

func (x *sliceExpr) eval(r *renderer, s *scope) (any, error) {
	v, err := x.value.eval(r, s)
	if err != nil {
		return nil, err
	}
	var bounds [3]any
	for i, part := range x.parts {
		if part == nil {
			continue
		}
		if bounds[i], err = part.eval(r, s); err != nil {
			return nil, err
		}
		if _, ok := number(bounds[i]).(int64); bounds[i] != nil && !ok {
			return nil, at(x.line, fmt.Errorf("a slice's bound is %s, expected an integer", describe(bounds[i])))
		}
	}
	switch v := unmarked(v).(type) {
	case undefined:
		return nil, at(x.line, fmt.Errorf("%s", v.what))
	case string:
		runes := []rune(v)
		at, err := slice(len(runes), bounds)
		var b strings.Builder
		for _, i := range at {
			b.WriteRune(runes[i])
		}
		return b.String(), err
	case *List:
		at, err := slice(len(v.Items), bounds)
		items := make([]any, len(at))
		for i, from := range at {
			items[i] = v.Items[from]
		}
		r.work(len(items) / 16)
		return &List{Items: items, tuple: v.tuple}, err
	}
	return undefined{fmt.Sprintf("%s can't be sliced", typeName(v))}, nil
}

// slice returns the positions that a slice of n items takes.
func slice(n int, bounds [3]any) ([]int, error) {
	step := int64(1)
	if v, ok := number(bounds[2]).(int64); ok {
		step = v
	}
	if step == 0 {
		return nil, fmt.Errorf("a slice's step is 0")
	}
	low, high := int64(0), int64(n)
	if step < 0 {
		low, high = -1, int64(n-1)
	}
	bound := func(v any, otherwise int64) int64 {
		i, ok := number(v).(int64)
		if !ok {
			return otherwise
		}
		if i < 0 {
			i += int64(n)
		}
		return min(max(i, low), high)
	}
	var at []int
	if step > 0 {
		for i, end := bound(bounds[0], low), bound(bounds[1], high); i < end; i += min(step, int64(n)+1) {
			at = append(at, int(i))
		}
		return at, nil
	}
	for i, end := bound(bounds[0], high), bound(bounds[1], low); i > end; i += max(step, -int64(n)-1) {
		at = append(at, int(i))
	}
	return at, nil
}

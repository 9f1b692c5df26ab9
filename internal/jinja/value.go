package jinja

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// List is a list, or a tuple, which prints in other brackets and is equal to no list.
type List struct {
	Items []any
	tuple bool
}

// Dict is a dict in the order of its keys, which are strings, numbers, booleans or nil.
type Dict struct {
	Keys   []any
	Values map[any]any
}

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{Values: map[any]any{}} }

// Set gives a key its value.
func (d *Dict) Set(key, value any) {
	if _, known := d.Values[key]; !known {
		d.Keys = append(d.Keys, key)
	}
	d.Values[key] = value
}

// markup is a text that escaping leaves alone: what is added to it is escaped for HTML.
type markup string

// unmarked returns a markup as a string, and others as they are.
func unmarked(v any) any {
	if m, ok := v.(markup); ok {
		return string(m)
	}
	return v
}

// undefined is what a name or a key stands for that isn't there.
type undefined struct{ what string }

// iterator is what Python's generators are: it can be gone through once, and has no length.
type iterator struct{ items []any }

// namespace holds attributes that a template may set.
type namespace struct{ values *Dict }

// function is what a template may call.
type function struct {
	name string
	call func(r *renderer, args arguments) (any, error)
}

// arguments are those of a call.
type arguments struct {
	items []any
	names []string // of those by name, in their order
	named map[string]any
}

// take returns the i-th argument, or the one of the name; without either it returns the default.
func (a arguments) take(i int, name string, otherwise any) any {
	if i >= 0 && i < len(a.items) {
		return a.items[i]
	}
	if v, ok := a.named[name]; ok {
		return v
	}
	return otherwise
}

// check returns an error unless there are from least to most arguments, and only these names.
func (a arguments) check(what string, least, most int, names ...string) error {
	if n := len(a.items); n > most {
		return fmt.Errorf("%s takes at most %d arguments, got %d", what, most, n)
	}
	have := len(a.items)
	for _, got := range a.names {
		i := -1
		for j, n := range names {
			if n == got {
				i = j
			}
		}
		if i < 0 {
			return fmt.Errorf("%s has no argument %q", what, got)
		}
		have++
	}
	if have < least {
		return fmt.Errorf("%s takes at least %d arguments, got %d", what, least, have)
	}
	return nil
}

// Value makes a template's value of a Go value: those of package orderedjson, slices and strings. Others are an error.
func Value(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64, string, *Dict, *List:
		return v, nil
	case int:
		return int64(v), nil
	case json.Number:
		return nil, fmt.Errorf("jinja: integer %s is beyond 64 bits", v)
	case []any:
		items := make([]any, len(v))
		for i, item := range v {
			var err error
			if items[i], err = Value(item); err != nil {
				return nil, err
			}
		}
		return &List{Items: items}, nil
	case *orderedjson.Object:
		d := NewDict()
		for _, key := range v.Keys {
			value, err := Value(v.Values[key])
			if err != nil {
				return nil, err
			}
			d.Set(key, value)
		}
		return d, nil
	}
	return nil, fmt.Errorf("jinja: value of type %T", v)
}

// typeName names the type of a value as Python does.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string, markup:
		return "str"
	case *List:
		if v.tuple {
			return "tuple"
		}
		return "list"
	case *Dict:
		return "dict"
	case undefined:
		return "Undefined"
	case *iterator:
		return "generator"
	case *namespace:
		return "Namespace"
	case *loop:
		return "LoopContext"
	}
	return "function"
}

// truth tells whether a value counts as true.
func truth(v any) bool {
	switch v := v.(type) {
	case nil, undefined:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case markup:
		return v != ""
	case *List:
		return len(v.Items) > 0
	case *Dict:
		return len(v.Keys) > 0
	}
	return true
}

// iterate returns the items of a value that can be gone through.
func iterate(v any) ([]any, error) {
	switch v := unmarked(v).(type) {
	case undefined:
		return nil, nil
	case *List:
		return v.Items, nil
	case *Dict:
		return v.Keys, nil
	case *iterator:
		items := v.items
		v.items = nil
		return items, nil
	case string:
		items := make([]any, 0, len(v))
		for _, r := range v {
			items = append(items, string(r))
		}
		return items, nil
	}
	return nil, fmt.Errorf("%s can't be iterated", typeName(v))
}

// hashable returns v as the key of a dict: Python's 1, 1.0 and True are one key.
func hashable(v any) (any, error) {
	switch v := unmarked(v).(type) {
	case nil, string, int64:
		return v, nil
	case bool:
		if v {
			return int64(1), nil
		}
		return int64(0), nil
	case float64:
		if v == float64(int64(v)) {
			return int64(v), nil
		}
		return v, nil
	}
	return nil, fmt.Errorf("%s can't be the key of a dict", typeName(v))
}

// Package orderedjson reads and writes JSON whose objects keep the order of their keys, as Python's json does. Chat templates print tools and calls
// in the order in which they were written, so a Go map won't do.
//
// A value is nil, bool, int64, json.Number (an integer beyond int64), float64, string, []any or *Object.
package orderedjson

import "slices"

// Object is a JSON object in the order of its keys.
type Object struct {
	Keys   []string
	Values map[string]any
}

// NewObject returns an object without keys.
func NewObject() *Object { return &Object{Values: map[string]any{}} }

// Get returns the value of a key and whether there is one. A nil object has none.
func (o *Object) Get(key string) (value any, ok bool) {
	if o == nil {
		return nil, false
	}
	value, ok = o.Values[key]
	return value, ok
}

// Set gives a key its value. A new key goes behind the others, a known one keeps its place.
func (o *Object) Set(key string, value any) {
	if _, known := o.Values[key]; !known {
		o.Keys = append(o.Keys, key)
	}
	o.Values[key] = value
}

// Delete removes a key.
func (o *Object) Delete(key string) {
	if _, known := o.Values[key]; known {
		delete(o.Values, key)
		o.Keys = slices.DeleteFunc(o.Keys, func(k string) bool { return k == key })
	}
}

// Len returns the number of keys. A nil object has none.
func (o *Object) Len() int {
	if o == nil {
		return 0
	}
	return len(o.Keys)
}

// Clone returns an object of the same keys and values. Values that are objects or lists are shared.
func (o *Object) Clone() *Object {
	c := &Object{Keys: slices.Clone(o.Keys), Values: make(map[string]any, len(o.Values))}
	for k, v := range o.Values {
		c.Values[k] = v
	}
	return c
}

// Kind names the type of a value as JSON calls it, for errors.
func Kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case string:
		return "a string"
	case []any:
		return "a list"
	case *Object:
		return "an object"
	default:
		return "a number"
	}
}

package models

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// encodeConfig writes a configuration as Python does, with its keys sorted and with
// a point in whole numbers of a float field: transformers checks the types. A float field that is one of whole numbers there has the
// tag `python:"int"`. Zero heads of keys, which stand for those of queries, are written as the number of those: transformers takes a zero
// as it is. The fields in more come before its own.
func encodeConfig(config any, more map[string]any) ([]byte, error) {
	fields := pythonic(reflect.ValueOf(config))
	if m, ok := fields.(map[string]any); ok {
		if m["num_key_value_heads"] == 0 {
			m["num_key_value_heads"] = m["num_attention_heads"]
		}
		maps.Copy(m, more)
	}
	data, err := json.MarshalIndent(fields, "", "  ")
	return append(data, '\n'), err
}

// pythonic returns what is encoded for a value.
func pythonic(v reflect.Value) any {
	if !v.IsValid() {
		return nil
	}
	if _, ok := v.Interface().(json.Marshaler); ok {
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		return pythonic(v.Elem())
	case reflect.Float64:
		return pythonFloat(v.Float())
	case reflect.Struct:
		fields := map[string]any{}
		addFields(fields, v)
		return fields
	case reflect.Map:
		entries := map[string]any{}
		for _, key := range v.MapKeys() {
			entries[fmt.Sprint(key.Interface())] = pythonic(v.MapIndex(key))
		}
		return entries
	case reflect.Slice:
		if v.IsNil() {
			return nil
		}
		items := make([]any, v.Len())
		for i := range items {
			items[i] = pythonic(v.Index(i))
		}
		return items
	}
	return v.Interface()
}

// addFields adds a struct's fields under their names in JSON.
func addFields(fields map[string]any, v reflect.Value) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		switch {
		case field.Anonymous && name == "":
			addFields(fields, v.Field(i))
			continue
		case !field.IsExported(), name == "-", strings.Contains(options, "omitempty") && empty(v.Field(i)):
			continue
		case name == "":
			name = field.Name
		}
		fields[name] = pythonic(v.Field(i))
		if f := v.Field(i); field.Tag.Get("python") == "int" && f.Float() == math.Trunc(f.Float()) {
			fields[name] = int64(f.Float())
		}
	}
}

// empty tells what omitempty leaves out.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map:
		return v.Len() == 0
	}
	return v.IsZero()
}

// pythonFloat writes a number so that it is read as a float.
func pythonFloat(f float64) any {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return f // which JSON can't hold: the encoder says so
	}
	s := strconv.FormatFloat(f, 'g', -1, 64)
	if !strings.ContainsAny(s, ".e") {
		s += ".0"
	}
	return json.Number(s)
}

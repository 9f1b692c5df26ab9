package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
)

// The types of a value, by their numbers in the file.
const (
	typeUint8 = iota
	typeInt8
	typeUint16
	typeInt16
	typeUint32
	typeInt32
	typeFloat32
	typeBool
	typeString
	typeArray
	typeUint64
	typeInt64
	typeFloat64
)

// A Value is a value of the metadata: uint8, int8, uint16, int16, uint32, int32, uint64, int64, float32, float64, bool or string, or
// a slice of one of them.
type Value any

// Pair is a key with its value.
type Pair struct {
	Key   string
	Value Value
}

// Meta is the metadata of a file, in its order.
type Meta []Pair

// Get returns the value of a key, or nil.
func (m Meta) Get(key string) Value {
	for _, p := range m {
		if p.Key == key {
			return p.Value
		}
	}
	return nil
}

// Set gives a key a value, in the place of what it had.
func (m *Meta) Set(key string, value Value) {
	for i, p := range *m {
		if p.Key == key {
			(*m)[i].Value = value
			return
		}
	}
	*m = append(*m, Pair{key, value})
}

// Int returns an integer of any type, or false if there is none of that key.
func (m Meta) Int(key string) (int, bool) {
	switch v := m.Get(key).(type) {
	case uint8:
		return int(v), true
	case int8:
		return int(v), true
	case uint16:
		return int(v), true
	case int16:
		return int(v), true
	case uint32:
		return int(v), true
	case int32:
		return int(v), true
	case uint64:
		return int(v), v <= math.MaxInt64
	case int64:
		return int(v), true
	}
	return 0, false
}

// Float returns a floating point number, or false if there is none of that key.
func (m Meta) Float(key string) (float64, bool) {
	switch v := m.Get(key).(type) {
	case float32:
		return float64(v), true
	case float64:
		return v, true
	}
	return 0, false
}

// Text returns a string, empty if there is none of that key.
func (m Meta) Text(key string) string {
	s, _ := m.Get(key).(string)
	return s
}

// Bool returns a truth value, or false if there is none of that key.
func (m Meta) Bool(key string) (value, ok bool) {
	value, ok = m.Get(key).(bool)
	return value, ok
}

// Texts returns a list of strings, nil if there is none of that key.
func (m Meta) Texts(key string) []string {
	s, _ := m.Get(key).([]string)
	return s
}

// Ints returns a list of integers of any type, nil if there is none of that key. A single integer is a list of one.
func (m Meta) Ints(key string) []int {
	switch v := m.Get(key).(type) {
	case []uint8:
		return integers(v)
	case []int8:
		return integers(v)
	case []uint16:
		return integers(v)
	case []int16:
		return integers(v)
	case []uint32:
		return integers(v)
	case []int32:
		return integers(v)
	case []uint64:
		return integers(v)
	case []int64:
		return integers(v)
	}
	if n, ok := m.Int(key); ok {
		return []int{n}
	}
	return nil
}

func integers[T uint8 | int8 | uint16 | int16 | uint32 | int32 | uint64 | int64](v []T) []int {
	out := make([]int, len(v))
	for i, n := range v {
		out[i] = int(n)
	}
	return out
}

// Floats returns a list of floating point numbers, nil if there is none of that key.
func (m Meta) Floats(key string) []float64 {
	switch v := m.Get(key).(type) {
	case []float32:
		out := make([]float64, len(v))
		for i, f := range v {
			out[i] = float64(f)
		}
		return out
	case []float64:
		return v
	}
	return nil
}

// value reads a value of a type.
func (d *decoder) value(kind uint32) Value {
	switch kind {
	case typeUint8:
		return d.uint8()
	case typeInt8:
		return int8(d.uint8())
	case typeUint16:
		return d.uint16()
	case typeInt16:
		return int16(d.uint16())
	case typeUint32:
		return d.uint32()
	case typeInt32:
		return int32(d.uint32())
	case typeFloat32:
		return math.Float32frombits(d.uint32())
	case typeBool:
		return d.bool()
	case typeString:
		return d.text()
	case typeArray:
		return d.list()
	case typeUint64:
		return d.uint64()
	case typeInt64:
		return int64(d.uint64())
	case typeFloat64:
		return math.Float64frombits(d.uint64())
	}
	d.fail("a value of unknown type %d", kind)
	return nil
}

// list reads an array.
func (d *decoder) list() Value {
	kind, n := d.uint32(), d.uint64()
	switch kind {
	case typeUint8:
		return members(d, n, 1, (*decoder).uint8)
	case typeInt8:
		return members(d, n, 1, func(d *decoder) int8 { return int8(d.uint8()) })
	case typeUint16:
		return members(d, n, 2, (*decoder).uint16)
	case typeInt16:
		return members(d, n, 2, func(d *decoder) int16 { return int16(d.uint16()) })
	case typeUint32:
		return members(d, n, 4, (*decoder).uint32)
	case typeInt32:
		return members(d, n, 4, func(d *decoder) int32 { return int32(d.uint32()) })
	case typeFloat32:
		return members(d, n, 4, func(d *decoder) float32 { return math.Float32frombits(d.uint32()) })
	case typeBool:
		return members(d, n, 1, (*decoder).bool)
	case typeString:
		return members(d, n, 8, (*decoder).text)
	case typeUint64:
		return members(d, n, 8, (*decoder).uint64)
	case typeInt64:
		return members(d, n, 8, func(d *decoder) int64 { return int64(d.uint64()) })
	case typeFloat64:
		return members(d, n, 8, func(d *decoder) float64 { return math.Float64frombits(d.uint64()) })
	case typeArray:
		d.fail("a list of lists, which this reader and llama.cpp don't take")
	default:
		d.fail("a list of values of unknown type %d", kind)
	}
	return nil
}

// members reads n values that take at least size bytes each.
func members[T any](d *decoder, n, size uint64, read func(*decoder) T) []T {
	if !d.room(n, size, "a list of %d members") {
		return nil
	}
	out := make([]T, n)
	for i := range out {
		out[i] = read(d)
		if d.err != nil {
			return nil
		}
	}
	return out
}

// append writes a value behind its type.
func appendValue(b []byte, v Value) ([]byte, error) {
	le := binary.LittleEndian
	kind := func(n uint32) []byte { return le.AppendUint32(b, n) }
	switch v := v.(type) {
	case uint8:
		return append(kind(typeUint8), v), nil
	case int8:
		return append(kind(typeInt8), byte(v)), nil
	case uint16:
		return le.AppendUint16(kind(typeUint16), v), nil
	case int16:
		return le.AppendUint16(kind(typeInt16), uint16(v)), nil
	case uint32:
		return le.AppendUint32(kind(typeUint32), v), nil
	case int32:
		return le.AppendUint32(kind(typeInt32), uint32(v)), nil
	case float32:
		return le.AppendUint32(kind(typeFloat32), math.Float32bits(v)), nil
	case bool:
		return append(kind(typeBool), truth(v)), nil
	case string:
		return appendText(kind(typeString), v), nil
	case uint64:
		return le.AppendUint64(kind(typeUint64), v), nil
	case int64:
		return le.AppendUint64(kind(typeInt64), uint64(v)), nil
	case float64:
		return le.AppendUint64(kind(typeFloat64), math.Float64bits(v)), nil
	case []uint8:
		return append(appendList(b, typeUint8, len(v)), v...), nil
	case []int8:
		return appendMembers(b, typeInt8, v, func(b []byte, m int8) []byte { return append(b, byte(m)) }), nil
	case []uint16:
		return appendMembers(b, typeUint16, v, le.AppendUint16), nil
	case []int16:
		return appendMembers(b, typeInt16, v, func(b []byte, m int16) []byte { return le.AppendUint16(b, uint16(m)) }), nil
	case []uint32:
		return appendMembers(b, typeUint32, v, le.AppendUint32), nil
	case []int32:
		return appendMembers(b, typeInt32, v, func(b []byte, m int32) []byte { return le.AppendUint32(b, uint32(m)) }), nil
	case []float32:
		return appendMembers(b, typeFloat32, v, func(b []byte, m float32) []byte { return le.AppendUint32(b, math.Float32bits(m)) }), nil
	case []bool:
		return appendMembers(b, typeBool, v, func(b []byte, m bool) []byte { return append(b, truth(m)) }), nil
	case []string:
		return appendMembers(b, typeString, v, appendText), nil
	case []uint64:
		return appendMembers(b, typeUint64, v, le.AppendUint64), nil
	case []int64:
		return appendMembers(b, typeInt64, v, func(b []byte, m int64) []byte { return le.AppendUint64(b, uint64(m)) }), nil
	case []float64:
		return appendMembers(b, typeFloat64, v, func(b []byte, m float64) []byte { return le.AppendUint64(b, math.Float64bits(m)) }), nil
	}
	return nil, fmt.Errorf("a value of type %T, which the format doesn't have", v)
}

func appendList(b []byte, kind uint32, n int) []byte {
	b = binary.LittleEndian.AppendUint32(b, typeArray)
	b = binary.LittleEndian.AppendUint32(b, kind)
	return binary.LittleEndian.AppendUint64(b, uint64(n))
}

func appendMembers[T any](b []byte, kind uint32, v []T, add func([]byte, T) []byte) []byte {
	b = appendList(b, kind, len(v))
	for _, m := range v {
		b = add(b, m)
	}
	return b
}

func appendText(b []byte, s string) []byte {
	return append(binary.LittleEndian.AppendUint64(b, uint64(len(s))), s...)
}

func truth(v bool) byte {
	if v {
		return 1
	}
	return 0
}

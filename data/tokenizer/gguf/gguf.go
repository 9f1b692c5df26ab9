// Package gguf reads the metadata of a GGUF file that describes its tokenizer.
package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
)

// Prefix begins the keys that Read keeps.
const Prefix = "tokenizer."

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

var sizes = map[uint32]int64{
	typeUint8: 1, typeInt8: 1, typeUint16: 2, typeInt16: 2, typeUint32: 4, typeInt32: 4, typeFloat32: 4,
	typeBool: 1, typeUint64: 8, typeInt64: 8, typeFloat64: 8,
}

// Limits on what a file may claim: a text, and the members of a list.
const (
	maxString = 16 << 20
	maxArray  = 1 << 24
	maxKeys   = 1 << 16
)

// Values holds metadata by key: a string, a bool, a float64, an int64, or a list of one of them.
type Values map[string]any

// Read reads the metadata of the tokenizer from the beginning of a GGUF file.
func Read(r io.Reader) (Values, error) {
	d := &decoder{r: bufio.NewReaderSize(r, 1<<16)}
	magic := d.bytes(4)
	version := d.uint32()
	if d.err == nil && string(magic) != "GGUF" {
		return nil, errors.New("gguf: not a GGUF file: it does not begin with GGUF")
	}
	if d.err == nil && version != 2 && version != 3 {
		return nil, fmt.Errorf("gguf: version %d; expected 2 or 3", version)
	}
	d.uint64() // tensors
	keys := d.uint64()
	if d.err == nil && keys > maxKeys {
		return nil, fmt.Errorf("gguf: %d keys; expected at most %d", keys, maxKeys)
	}
	out := Values{}
	for i := uint64(0); i < keys && d.err == nil; i++ {
		key := d.string()
		kind := d.uint32()
		if strings.HasPrefix(key, Prefix) {
			out[key] = d.value(kind, true)
		} else {
			d.value(kind, false)
		}
	}
	if d.err != nil {
		if errors.Is(d.err, io.EOF) {
			d.err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("gguf: %w", d.err)
	}
	return out, nil
}

// decoder reads values until one fails.
type decoder struct {
	r     *bufio.Reader
	fixed [8]byte // of a number
	err   error
}

// number reads the n bytes of a number, which are valid until the next call.
func (d *decoder) number(n int64) []byte {
	if d.err == nil {
		_, d.err = io.ReadFull(d.r, d.fixed[:n])
	}
	return d.fixed[:n]
}

func (d *decoder) bytes(n int64) []byte {
	// What a file claims is taken in steps, so that a false claim fails before it costs memory.
	var out []byte
	for d.err == nil && int64(len(out)) < n {
		step := min(n-int64(len(out)), 1<<16)
		from := len(out)
		out = append(out, make([]byte, step)...)
		_, d.err = io.ReadFull(d.r, out[from:])
	}
	return out
}

func (d *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(d.number(4)) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.number(8)) }

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf(format, args...)
	}
}

func (d *decoder) string() string {
	n := d.uint64()
	if d.err == nil && n > maxString {
		d.fail("a text of %d bytes; expected at most %d", n, maxString)
	}
	if d.err != nil {
		return ""
	}
	return string(d.bytes(int64(n)))
}

// value reads a value, and skips what need not be kept.
func (d *decoder) value(kind uint32, keep bool) any {
	switch kind {
	case typeString:
		return d.string()
	case typeArray:
		return d.array(keep)
	}
	size, ok := sizes[kind]
	if !ok {
		d.fail("a value of unknown type %d", kind)
		return nil
	}
	return number(kind, d.number(size))
}

func number(kind uint32, b []byte) any {
	switch kind {
	case typeUint8:
		return int64(b[0])
	case typeInt8:
		return int64(int8(b[0]))
	case typeUint16:
		return int64(binary.LittleEndian.Uint16(b))
	case typeInt16:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case typeUint32:
		return int64(binary.LittleEndian.Uint32(b))
	case typeInt32:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case typeFloat32:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case typeBool:
		return b[0] != 0
	case typeFloat64:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func (d *decoder) array(keep bool) any {
	kind := d.uint32()
	n := d.uint64()
	if d.err == nil && n > maxArray {
		d.fail("a list of %d members; expected at most %d", n, maxArray)
	}
	if d.err != nil {
		return nil
	}
	switch kind {
	case typeArray:
		d.fail("a list of lists")
		return nil
	case typeString:
		var out []string
		for i := uint64(0); i < n && d.err == nil; i++ {
			if s := d.string(); keep {
				out = append(out, s)
			}
		}
		return out
	case typeFloat32, typeFloat64:
		return members[float64](d, kind, n, keep)
	case typeBool:
		return members[bool](d, kind, n, keep)
	}
	return members[int64](d, kind, n, keep)
}

func members[T any](d *decoder, kind uint32, n uint64, keep bool) []T {
	var out []T
	for i := uint64(0); i < n && d.err == nil; i++ {
		v, ok := d.value(kind, keep).(T)
		if !ok {
			d.fail("a list of values of unknown type %d", kind)
		} else if keep {
			out = append(out, v)
		}
	}
	return out
}

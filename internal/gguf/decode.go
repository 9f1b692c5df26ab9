package gguf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/blocks"
)

// Limits of the format, as llama.cpp has them: a tensor's dimensions, and the bytes of its name.
const (
	maxDims = 4
	maxName = 63
)

const (
	defaultAlignment = 32
	maxAlignment     = 1 << 20
	maxKey           = 1<<16 - 1
)

// A Tensor lies in a file as blocks.
type Tensor struct {
	Name  string
	Shape []int // the dimension in which elements touch is the last, as everywhere but in the file
	Kind  blocks.Kind
	Data  []byte
}

// Len returns the number of elements.
func (t Tensor) Len() int {
	n := 1
	for _, d := range t.Shape {
		n *= d
	}
	return n
}

// decoder reads a file's head until something is wrong. What it makes is never larger than a few times the bytes that it has read.
type decoder struct {
	data []byte
	at   int
	err  error
}

func (d *decoder) fail(format string, args ...any) {
	if d.err == nil {
		d.err = fmt.Errorf("at byte %d: "+format, append([]any{d.at}, args...)...)
	}
}

// room tells whether n parts of at least size bytes can follow.
func (d *decoder) room(n, size uint64, what string) bool {
	if d.err != nil {
		return false
	}
	if left := uint64(len(d.data) - d.at); n > left/size {
		d.fail(what+", and the file has %d bytes more", n, left)
		return false
	}
	return true
}

func (d *decoder) bytes(n int) []byte {
	if !d.room(uint64(n), 1, "%d bytes are expected") {
		return make([]byte, 8)
	}
	d.at += n
	return d.data[d.at-n : d.at]
}

func (d *decoder) uint8() uint8   { return d.bytes(1)[0] }
func (d *decoder) uint16() uint16 { return binary.LittleEndian.Uint16(d.bytes(2)) }
func (d *decoder) uint32() uint32 { return binary.LittleEndian.Uint32(d.bytes(4)) }
func (d *decoder) uint64() uint64 { return binary.LittleEndian.Uint64(d.bytes(8)) }

func (d *decoder) bool() bool {
	v := d.uint8()
	if v > 1 {
		d.fail("a truth value of %d", v)
	}
	return v == 1
}

func (d *decoder) text() string {
	n := d.uint64()
	if !d.room(n, 1, "a text of %d bytes") {
		return ""
	}
	return string(d.bytes(int(n)))
}

// parse reads a file's metadata and where its tensors lie. Tensors' data are parts of data.
func parse(data []byte) (Meta, []Tensor, error) {
	d := &decoder{data: data}
	if len(data) < 4 || string(data[:4]) != "GGUF" {
		return nil, nil, errors.New("no GGUF file: it does not begin with GGUF")
	}
	d.at = 4
	switch version := d.uint32(); {
	case d.err != nil:
	case version != 0 && version&0xffff == 0:
		return nil, nil, errors.New("a big-endian file; expected little-endian")
	case version != 2 && version != 3:
		return nil, nil, fmt.Errorf("version %d; expected 2 or 3", version)
	}
	tensors, keys := d.uint64(), d.uint64()
	meta := d.meta(keys)
	list, begin := d.tensors(tensors, meta)
	if d.err != nil {
		return nil, nil, d.err
	}
	if err := place(list, data, begin, alignment(meta)); err != nil {
		return nil, nil, err
	}
	out := make([]Tensor, len(list))
	for i, t := range list {
		out[i] = t.Tensor
	}
	return meta, out, nil
}

// ParseMeta reads the metadata of a file in memory, whose tensors must be there too.
func ParseMeta(data []byte) (Meta, error) {
	meta, _, err := parse(data)
	return meta, err
}

func (d *decoder) meta(keys uint64) Meta {
	const least = 8 + 4 + 1 // bytes of a key and its value
	if !d.room(keys, least, "%d keys") {
		return nil
	}
	meta, seen := make(Meta, 0, keys), make(map[string]bool, keys)
	for range keys {
		key := d.text()
		switch {
		case d.err != nil:
			return nil
		case key == "" || len(key) > maxKey:
			d.fail("a key of %d bytes; expected 1 to %d", len(key), maxKey)
		case seen[key]:
			d.fail("the key %.80q comes twice", key)
		}
		seen[key] = true
		before := d.err
		value := d.value(d.uint32())
		if d.err != nil {
			if before == nil {
				d.err = fmt.Errorf("key %.80q: %w", key, d.err)
			}
			return nil
		}
		meta = append(meta, Pair{key, value})
	}
	return meta
}

// alignment returns the alignment of a file's tensors, 0 for one that isn't allowed.
func alignment(meta Meta) int {
	if meta.Get(AlignmentKey) == nil {
		return defaultAlignment
	}
	a, ok := meta.Int(AlignmentKey)
	if !ok || a <= 0 || a > maxAlignment || a&(a-1) != 0 {
		return 0
	}
	return a
}

// placed is a tensor with its place, in bytes from the first.
type placed struct {
	Tensor
	offset uint64
	size   int
}

// tensors reads the list of tensors, and where their data begin.
func (d *decoder) tensors(n uint64, meta Meta) (list []placed, begin int) {
	const least = 8 + 1 + 4 + 8 + 4 + 8 // bytes of a tensor's entry
	if !d.room(n, least, "%d tensors") {
		return nil, 0
	}
	list, seen := make([]placed, 0, n), make(map[string]bool, n)
	for range n {
		name := d.text()
		switch {
		case d.err != nil:
			return nil, 0
		case name == "" || len(name) > maxName:
			d.fail("a tensor's name of %d bytes; expected 1 to %d", len(name), maxName)
		case seen[name]:
			d.fail("the tensor %q comes twice", name)
		}
		seen[name] = true
		t := placed{Tensor: Tensor{Name: name}}
		t.Shape, t.Kind = d.shape(name)
		t.offset = d.uint64()
		if d.err != nil {
			return nil, 0
		}
		t.size = t.Kind.Size(t.Len())
		list = append(list, t)
	}
	a := alignment(meta)
	if a == 0 {
		d.fail("%s is %v; expected a power of two up to %d", AlignmentKey, meta.Get(AlignmentKey), maxAlignment)
		return nil, 0
	}
	return list, padded(d.at, a)
}

// shape reads a tensor's dimensions and format.
func (d *decoder) shape(name string) ([]int, blocks.Kind) {
	dims := d.uint32()
	if d.err == nil && (dims == 0 || dims > maxDims) {
		d.fail("tensor %q has %d dimensions; expected 1 to %d", name, dims, maxDims)
	}
	if d.err != nil {
		return nil, 0
	}
	shape := make([]int, dims)
	elements := uint64(1)
	for i := range shape {
		n := d.uint64()
		if d.err != nil {
			return nil, 0
		}
		if n == 0 || n > math.MaxInt32 || elements > uint64(8*len(d.data))/n {
			d.fail("tensor %q has a dimension of %d, which the file has no room for", name, n)
			return nil, 0
		}
		elements *= n
		shape[len(shape)-1-i] = int(n)
	}
	kind := blocks.Kind(d.uint32())
	switch row := shape[len(shape)-1]; {
	case d.err != nil:
	case !kind.Known():
		d.fail("tensor %q is stored as %v, which this reader doesn't know", name, kind)
	case !kind.Fits(row):
		d.fail("tensor %q has rows of %d elements; %v has blocks of %d", name, row, kind, kind.Elements())
	}
	return shape, kind
}

// place gives tensors their data, which must lie in the file, aligned and apart.
func place(list []placed, data []byte, begin, alignment int) error {
	order := make([]*placed, len(list))
	for i := range list {
		order[i] = &list[i]
	}
	slices.SortStableFunc(order, func(a, b *placed) int {
		if a.offset < b.offset {
			return -1
		} else if a.offset > b.offset {
			return 1
		}
		return 0
	})
	var end uint64 // of the one before
	for i, t := range order {
		room := max(0, len(data)-begin)
		switch {
		case t.offset%uint64(alignment) != 0:
			return fmt.Errorf("tensor %q begins at %d, which %d doesn't divide", t.Name, t.offset, alignment)
		case t.offset < end:
			return fmt.Errorf("the tensors %q and %q overlap", order[i-1].Name, t.Name)
		case t.offset > uint64(room) || t.size > room-int(t.offset):
			return fmt.Errorf("the file is cut off: tensor %q takes bytes %d to %d, and the file has %d", t.Name, uint64(begin)+t.offset, uint64(begin)+t.offset+uint64(t.size), len(data))
		}
		end = t.offset + uint64(t.size)
		from := begin + int(t.offset)
		t.Data = data[from : from+t.size : from+t.size]
	}
	return nil
}

// padded returns the first multiple of the alignment that isn't less than n.
func padded(n, alignment int) int { return (n + alignment - 1) &^ (alignment - 1) }

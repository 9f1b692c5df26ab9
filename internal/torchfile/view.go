package torchfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/seahorse-ml/seahorse/internal/float16"
)

// A kind is the type of a storage's elements.
type kind uint8

const (
	half kind = iota
	brain
	single
	double
	integer1 // integers and truth values, by their size
	integer2
	integer4
	integer8
)

// storageKinds are the classes of storages in package torch.
var storageKinds = map[string]kind{
	"HalfStorage": half, "BFloat16Storage": brain, "FloatStorage": single, "DoubleStorage": double,
	"BoolStorage": integer1, "ByteStorage": integer1, "CharStorage": integer1,
	"ShortStorage": integer2, "IntStorage": integer4, "LongStorage": integer8,
}

// size returns the bytes of an element.
func (k kind) size() int { return [...]int{2, 2, 4, 8, 1, 2, 4, 8}[k] }

// A storage is a run of elements in a file.
type storage struct {
	kind  kind
	count int
	open  func() (io.ReadCloser, error) // its bytes; nil until their place is known
}

// A view is a tensor: elements of a storage.
type view struct {
	storage        *storage
	offset         int
	shape, strides []int
}

// check tells what is wrong with a view's numbers, or nil.
func (v view) check() error {
	if len(v.shape) != len(v.strides) {
		return fmt.Errorf("%d dimensions and %d strides", len(v.shape), len(v.strides))
	}
	last := v.offset
	for i, n := range v.shape {
		stride := v.strides[i]
		if n < 0 || stride < 0 || v.offset < 0 || stride > 0 && n > 1+(v.storage.count-last)/stride {
			return fmt.Errorf("shape %v with strides %v from %d reaches outside of %d elements", v.shape, v.strides, v.offset, v.storage.count)
		}
		if n == 0 {
			return nil
		}
		last += (n - 1) * stride
	}
	if last >= v.storage.count {
		return fmt.Errorf("shape %v with strides %v from %d reaches outside of %d elements", v.shape, v.strides, v.offset, v.storage.count)
	}
	return nil
}

// size returns the number of elements. Dimensions of stride 0 may make it large.
func (v view) size() int {
	n := 1
	for _, d := range v.shape {
		if d > 0 && n > math.MaxInt/d {
			return math.MaxInt
		}
		n *= d
	}
	return n
}

// checkFloats refuses integers.
func (v view) checkFloats() error {
	if v.storage.kind >= integer1 {
		return errors.New("integers, expected floating point numbers")
	}
	return nil
}

// read fills dst, a slice of float32 or float64, with the tensor's elements row by row.
func (v view) read(dst any) error {
	if err := v.checkFloats(); err != nil {
		return err
	}
	switch dst := dst.(type) {
	case []float32:
		return readView(dst, v)
	case []float64:
		return readView(dst, v)
	}
	return fmt.Errorf("can't be read into %T", dst)
}

func readView[T float32 | float64](dst []T, v view) error {
	if v.size() != len(dst) {
		return fmt.Errorf("%d elements, expected %d", v.size(), len(dst))
	}
	if len(dst) == 0 {
		return nil
	}
	data, err := v.storage.bytes()
	if err != nil {
		return err
	}
	at := elementReader[T](v.storage.kind, data)
	index := make([]int, len(v.shape))
	place := v.offset
	for i := range dst {
		dst[i] = at(place)
		for d := len(index) - 1; d >= 0; d-- {
			index[d]++
			place += v.strides[d]
			if index[d] < v.shape[d] {
				break
			}
			place -= v.shape[d] * v.strides[d]
			index[d] = 0
		}
	}
	return nil
}

// bytes reads a storage to its end, where archives check their sums.
func (s *storage) bytes() ([]byte, error) {
	r, err := s.open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	if len(data) != s.count*s.kind.size() {
		return nil, fmt.Errorf("%d bytes of data, expected %d", len(data), s.count*s.kind.size())
	}
	return data, nil
}

// elementReader returns a function that converts element i of data.
func elementReader[T float32 | float64](k kind, data []byte) func(i int) T {
	little := binary.LittleEndian
	switch k {
	case half:
		return func(i int) T { return T(float16.Half(little.Uint16(data[2*i:]))) }
	case brain:
		return func(i int) T { return T(float16.Brain(little.Uint16(data[2*i:]))) }
	case single:
		return func(i int) T { return T(math.Float32frombits(little.Uint32(data[4*i:]))) }
	}
	return func(i int) T { return T(math.Float64frombits(little.Uint64(data[8*i:]))) }
}

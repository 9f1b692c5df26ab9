package safetensors

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"unsafe"

	format "github.com/nlpodyssey/safetensors"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/float16"
)

// A Tensor is what Write stores under a name.
type Tensor struct {
	Name  string
	Shape []int
	Data  any // []float32, []float64 or []int32, of the shape's size, or func() []float32, which is called as the tensor is written

	// As is the type that floats are stored as: float32, bfloat16 or float16. The default is that of Data.
	As string
}

// Write stores tensors in a file, which replaces an older one only when it is
// complete and on the disk. The same tensors give the same bytes: they are
// ordered by type and name. Nothing is copied but the header. Metadata is kept in the
// header; Hugging Face's libraries expect {"format": "pt"}.
func Write(path string, tensors []Tensor, metadata map[string]string) error {
	views := make(map[string]view, len(tensors))
	for _, t := range tensors {
		if _, ok := views[t.Name]; ok {
			return fmt.Errorf("safetensors: %s: two tensors are named %q", path, t.Name)
		}
		v, err := viewOf(t)
		if err != nil {
			return fmt.Errorf("safetensors: %s: tensor %q: %w", path, t.Name, err)
		}
		views[t.Name] = v
	}
	err := atomicfile.Write(path, func(w io.Writer) error {
		return format.SerializeToWriter(views, metadata, w)
	})
	if err != nil {
		return fmt.Errorf("safetensors: writing %s: %w", path, err)
	}
	return nil
}

// view is a tensor as the format package takes it.
type view struct {
	dtype format.DType
	shape []uint64
	data  []byte
	make  func() []byte // makes the data of a view that has none
	size  uint64        // of the data, in bytes
}

func (v view) DType() format.DType { return v.dtype }
func (v view) Shape() []uint64     { return v.shape }
func (v view) DataLen() uint64     { return v.size }

func (v view) Data() []byte {
	if v.make != nil {
		return v.make()
	}
	return v.data
}

func viewOf(t Tensor) (view, error) {
	var v view
	var elements int
	switch d := t.Data.(type) {
	case []float32:
		v.dtype, v.data, elements = format.F32, bytesOf(d), len(d)
	case []float64:
		v.dtype, v.data, elements = format.F64, bytesOf(d), len(d)
	case []int32:
		v.dtype, v.data, elements = format.I32, bytesOf(d), len(d)
	case func() []float32:
		v.dtype, elements = format.F32, -1
		v.make = func() []byte { return bytesOf(d()) }
	default:
		return v, fmt.Errorf("data of type %T, expected []float32, []float64, []int32 or func() []float32", t.Data)
	}
	size := 1
	v.shape = []uint64{}
	for _, n := range t.Shape {
		size *= n
		v.shape = append(v.shape, uint64(n))
	}
	if size != elements && elements >= 0 {
		return v, fmt.Errorf("%d elements for shape %v", elements, t.Shape)
	}
	if err := v.convert(t); err != nil {
		return v, err
	}
	v.size = uint64(size) * uint64(v.dtype.Size())
	return v, nil
}

// convert makes the view one of another type, if that is asked for.
func (v *view) convert(t Tensor) error {
	types := map[string]format.DType{"float32": format.F32, "bfloat16": format.BF16, "float16": format.F16}
	to, ok := types[t.As]
	switch {
	case t.As == "" || ok && to == v.dtype:
		return nil
	case !ok || v.dtype == format.I32:
		return fmt.Errorf("%v can't be stored as %q", v.dtype, t.As)
	}
	v.dtype = to
	v.make = func() []byte {
		switch d := t.Data.(type) {
		case []float32:
			return rounded(d, to)
		case []float64:
			return rounded(d, to)
		case func() []float32:
			return rounded(d(), to)
		}
		return nil
	}
	return nil
}

// rounded returns elements as they are stored.
func rounded[T float32 | float64](data []T, to format.DType) []byte {
	out := make([]byte, 0, len(data)*int(to.Size()))
	for _, v := range data {
		switch to {
		case format.BF16:
			out = binary.LittleEndian.AppendUint16(out, float16.ToBrain(float32(v)))
		case format.F16:
			out = binary.LittleEndian.AppendUint16(out, float16.ToHalf(float32(v)))
		default:
			out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
		}
	}
	return out
}

// bytesOf views elements as bytes. The format is little-endian, as are the
// machines that this module is for.
func bytesOf[T float32 | float64 | int32](data []T) []byte {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
}

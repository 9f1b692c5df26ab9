package safetensors

import (
	"fmt"
	"io"
	"unsafe"

	format "github.com/nlpodyssey/safetensors"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// A Tensor is what Write stores under a name.
type Tensor struct {
	Name  string
	Shape []int
	Data  any // []float32, []float64 or []int32, of the shape's size
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
}

func (v view) DType() format.DType { return v.dtype }
func (v view) Shape() []uint64     { return v.shape }
func (v view) Data() []byte        { return v.data }
func (v view) DataLen() uint64     { return uint64(len(v.data)) }

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
	default:
		return v, fmt.Errorf("data of type %T, expected []float32, []float64 or []int32", t.Data)
	}
	size := 1
	v.shape = []uint64{}
	for _, n := range t.Shape {
		size *= n
		v.shape = append(v.shape, uint64(n))
	}
	if size != elements {
		return v, fmt.Errorf("%d elements for shape %v", elements, t.Shape)
	}
	return v, nil
}

// bytesOf views elements as bytes. The format is little-endian, as are the
// machines that this module is for.
func bytesOf[T float32 | float64 | int32](data []T) []byte {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), len(data)*int(unsafe.Sizeof(data[0])))
}

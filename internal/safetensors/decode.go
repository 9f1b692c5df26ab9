package safetensors

import (
	"encoding/binary"
	"fmt"
	"math"

	format "github.com/nlpodyssey/safetensors"
	"github.com/seahorse-ml/seahorse/internal/float16"
)

// decode converts a tensor's bytes to the elements of dst, a slice of float32,
// float64 or int32.
func decode(dst any, view format.TensorView) error {
	data, dt := view.Data(), view.DType()
	n := len(data) / int(dt.Size())
	switch dst := dst.(type) {
	case []float32:
		return decodeFloats(dst, data, dt, n)
	case []float64:
		return decodeFloats(dst, data, dt, n)
	case []int32:
		if dt != format.I32 || len(dst) != n {
			return fmt.Errorf("%d elements of %v, expected %d of I32", n, dt, len(dst))
		}
		for i := range dst {
			dst[i] = int32(binary.LittleEndian.Uint32(data[4*i:]))
		}
		return nil
	}
	return fmt.Errorf("can't be read into %T", dst)
}

func decodeFloats[T float32 | float64](dst []T, data []byte, dt format.DType, n int) error {
	if len(dst) != n {
		return fmt.Errorf("%d elements, expected %d", n, len(dst))
	}
	if err := checkFloats(dt); err != nil {
		return err
	}
	switch dt {
	case format.F32:
		for i := range dst {
			dst[i] = T(math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:])))
		}
	case format.F64:
		for i := range dst {
			dst[i] = T(math.Float64frombits(binary.LittleEndian.Uint64(data[8*i:])))
		}
	case format.BF16:
		for i := range dst {
			dst[i] = T(float16.Brain(binary.LittleEndian.Uint16(data[2*i:])))
		}
	case format.F16:
		for i := range dst {
			dst[i] = T(float16.Half(binary.LittleEndian.Uint16(data[2*i:])))
		}
	}
	return nil
}

// checkFloats refuses types that decodeFloats doesn't know.
func checkFloats(dt format.DType) error {
	switch dt {
	case format.F16, format.BF16, format.F32, format.F64:
		return nil
	}
	return fmt.Errorf("elements of %v, expected F16, BF16, F32 or F64", dt)
}

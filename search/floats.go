package search

import (
	"encoding/binary"
	"math"
	"unsafe"
)

// floatsOf returns little-endian float32s, as a view where the machine has them so and at a place that suits, and else as a copy.
func floatsOf(b []byte) []float32 {
	if len(b) == 0 {
		return nil
	}
	one := binary.NativeEndian.Uint16([]byte{1, 0}) == 1
	if one && uintptr(unsafe.Pointer(&b[0]))%4 == 0 {
		return unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), len(b)/4)
	}
	out := make([]float32, len(b)/4)
	for i := range out {
		out[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
	}
	return out
}

package exchange

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/float16"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/memory"
)

// NarrowBytes are those of an element that is sent as bfloat16.
const NarrowBytes = 2

// round rounds numbers to bfloat16.
func round[T float32 | float64](data []T) {
	for i, v := range data {
		data[i] = T(float16.Brain(float16.ToBrain(float32(v))))
	}
}

// accumulate adds src to dst, and rounds the sums where that is wanted.
func accumulate[T float32 | float64](dst, src []T, rounded bool) {
	kernels.Accumulate(dst, src)
	if rounded {
		round(dst)
	}
}

// narrow holds what goes to each rank and comes from there as bfloat16. What goes is rounded already.
type narrow struct{ out, in [][]uint16 }

func newNarrow(out, in []int) *narrow {
	n := &narrow{make([][]uint16, len(out)), make([][]uint16, len(in))}
	for q := range out {
		n.out[q], n.in[q] = makeBrain(out[q]), makeBrain(in[q])
	}
	return n
}

// bytes returns the memory that it takes.
func (n *narrow) bytes() (total int) {
	for q := range n.out {
		total += NarrowBytes * (len(n.out[q]) + len(n.in[q]))
	}
	return total
}

// narrowed writes numbers as bfloat16, and returns the bytes.
func narrowed[T float32 | float64](to []uint16, data []T) []byte {
	for i, v := range data {
		to[i] = float16.ToBrain(float32(v))
	}
	return brainBytes(to[:len(data)])
}

// widened reads as many numbers.
func widened[T float32 | float64](to []T, data []uint16) {
	for i, b := range data[:len(to)] {
		to[i] = T(float16.Brain(b))
	}
}

func makeBrain(n int) []uint16 {
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*uint16)(unsafe.Pointer(&memory.Make[byte](NarrowBytes * n)[0])), n)
}

func brainBytes(data []uint16) []byte {
	if len(data) == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(&data[0])), NarrowBytes*len(data))
}

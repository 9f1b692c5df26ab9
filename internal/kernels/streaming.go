package kernels

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// streamedSize is the least bytes of a result that is written to memory past the caches. As much as a part of the second cache is
// gone from it before it is read, and to write it to the caches, its lines have to be found first, in memory or in another core's caches.
var streamedSize = cpu.CacheSizes().L2 / 4

// streams reports whether n elements of x, whose rows lie ld apart, are written past the caches: many elements, and rows that
// begin a line of the caches.
func streams[T Float](x []T, n, ld int) bool {
	const line = 64
	size := int(unsafe.Sizeof(T(0)))
	return n > 0 && n*size >= streamedSize && ld*size%line == 0 && uintptr(unsafe.Pointer(&x[0]))%line == 0
}

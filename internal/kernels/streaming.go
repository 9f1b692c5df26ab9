package kernels

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// streamedSize is the least bytes that a worker writes of a result that goes to memory past the caches. As much as a part of the second
// cache is gone from it before it is read, and to write it to the caches, its lines have to be found first, in memory or in another core's caches.
var streamedSize = cpu.CacheSizes().L2 / 16

// The size of a line of the caches, in bytes and in float32s.
const (
	lineBytes    = 64
	lineElements = lineBytes / 4
)

// Streams reports whether an operation had better write dst past the caches: it is large and doesn't begin where one of
// the operands does, which would be in the caches.
func Streams[T Float](dst []T, operands ...[]T) bool {
	for _, x := range operands {
		if unsafe.SliceData(x) == unsafe.SliceData(dst) {
			return false
		}
	}
	return streams(dst, len(dst), 0)
}

// StreamsShared reports whether n elements that are changed in place had better be written past the caches, since all workers have read them: a
// store to the caches has to take their lines from the other cores' first. What is larger than the third cache isn't in any of them.
func StreamsShared[T Float](n int) bool {
	return large[T](n) && n*int(unsafe.Sizeof(T(0))) <= cpu.CacheSizes().L3
}

// streams reports whether n elements of x, whose rows lie ld apart, are written past the caches: many elements, and rows that
// begin a line of the caches.
func streams[T Float](x []T, n, ld int) bool {
	return large[T](n) && aligned(x, ld)
}

// large reports whether each worker's part of n elements is streamedSize at least.
func large[T Float](n int) bool {
	return n > 0 && n*int(unsafe.Sizeof(T(0))) >= streamedSize*parallel.Workers()
}

// aligned reports whether rows of x that lie ld apart begin a line of the caches each.
func aligned[T Float](x []T, ld int) bool {
	return uintptr(unsafe.Pointer(unsafe.SliceData(x)))%lineBytes == 0 && ld*int(unsafe.Sizeof(T(0)))%lineBytes == 0
}

// settle lets other workers see what was written past the caches, if it was.
func settle(past bool) {
	if past {
		fence()
	}
}

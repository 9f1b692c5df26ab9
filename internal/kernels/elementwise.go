package kernels

import (
	"unsafe"

	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// vectors holds the assembly of one level: the float32 kernels that work
// element by element and row by row. Each function takes its length from its first slice, or the
// one that it reads if it writes none; the others must be as long.
type vectors struct {
	level cpu.Level

	add, mul    func(dst, a, b []float32)
	scale, axpy func(dst, a []float32, s float32)
	addRows     func(dst, x []float32, rows, stride int)
	sum         func(a []float32) float32
	dot         func(a, b []float32) float32
	sumSquares  func(a []float32) float64
	dotEach     func(dst, a, x []float32, at []int32, stride int)
	axpyEach    func(dst, s, x []float32, at []int32, stride int)

	activate      [activations]func(dst, x []float32, past bool) // by Activation; Identity has none
	activateGrad  [activations]func(dst, x, dy []float32)
	valueGrad     [activations]func(dst, value, x, dy []float32, past bool)
	gate          [activations]func(dst, a, b []float32, past bool)
	gateGrad      [activations]func(da, db, a, b, dy []float32)
	gateValueGrad [activations]func(da, db, value, a, b, dy []float32, past bool)

	exp         func(dst, x []float32)
	maxOf       func(x []float32) float32
	expSum      func(dst, x []float32, shift float32) float32
	softmaxGrad func(dx, y, dy []float32, sum float32)

	expTotal  func(x []float32, shift float32) float32
	expScaled func(dst, x []float32, shift, s, offset, perCap float32)

	layerNorm func(y, mean, rstd, x, w, b []float32, rows, cols int, eps float64, past bool)
	normRow   func(y, x, w []float32, rstd, offset float32, past bool)
	normSums  func(dw, db, dy, x, w []float32, mean, rstd, offset float32) (sum, sumH float32)
	normGrad  func(dx, dy, x, w []float32, mean, rstd, offset, meanG, meanGH float32, accumulate, past bool)

	adaGradDot func(a, b, aSquares, bSquares []float32, slope, most, rate float32)

	adamW func(p, g, m, v []float32, scale, decay, shrink, beta2, rest1, rest2, rate, root, eps float32, past bool)

	dropoutWords int // words of a mask that dropoutMask makes at a time
	dropoutMask  func(mask []uint16, least uint16, seed, stream, counter uint64)
	applyDropout func(dst, x []float32, mask []uint16, keep float32)

	rotateHalves, rotatePairs func(dst, x, cos, sin []float32, heads, size int, sign float32)
}

// fast is the assembly that float32 kernels use, or nil if the generic loops run.
var fast = bestVectors()

// bestVectors returns the assembly of the level that package cpu allows.
func bestVectors() *vectors {
	var best *vectors
	for _, v := range allVectors() {
		if v.level <= cpu.Best() {
			best = v
		}
	}
	return best
}

// fastFor returns the assembly for T, or nil.
func fastFor[T Float]() *vectors {
	if unsafe.Sizeof(T(0)) == unsafe.Sizeof(float32(0)) {
		return fast
	}
	return nil
}

// single returns x, which must be a slice of float32, as what it is.
func single[T Float](x []T) []float32 {
	return unsafe.Slice((*float32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

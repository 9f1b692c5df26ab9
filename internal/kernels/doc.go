// Package kernels has the mathematics of training on flat slices, destination
// first. The generic Go code is the specification, written once for float32 and
// float64; float32 has assembly where the processor allows it (see package cpu).
//
// Functions work on what they are given, on the calling goroutine, and allocate
// nothing. Product, Attention and LinearCrossEntropy are larger: they are made once
// for their shapes and run on all cores. Results are the same bits on any number of threads.
package kernels

// Float is the element type of a kernel.
type Float interface{ float32 | float64 }

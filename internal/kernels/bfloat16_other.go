//go:build !amd64 || purego

package kernels

// tileKernels returns the implementations that the processor can run, the fastest first.
func tileKernels() []*tileKernel { return []*tileKernel{&genericTiles} }

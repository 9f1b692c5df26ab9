//go:build (!amd64 && !arm64) || purego

package kernels

// productKernels returns the implementations for T that this build has.
func productKernels[T Float]() []*productKernel[T] {
	return []*productKernel[T]{genericProduct[T]()}
}

// fence has nothing to do, since nothing is written past the caches.
func fence() {}

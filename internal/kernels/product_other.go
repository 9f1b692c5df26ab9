package kernels

// productKernels returns the implementations for T that this processor can
// run and the environment allows, the fastest first.
func productKernels[T Float]() []*productKernel[T] {
	return []*productKernel[T]{genericProduct[T]()}
}

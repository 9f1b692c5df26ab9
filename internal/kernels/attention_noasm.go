//go:build (!amd64 && !arm64) || purego

package kernels

// panelKernels returns the implementations for T.
func panelKernels[T Float]() []*panelKernel[T] {
	return []*panelKernel[T]{genericPanels[T]()}
}

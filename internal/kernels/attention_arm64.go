//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// panelKernels returns the implementations for T that the processor can run
// and the environment allows, the fastest first.
func panelKernels[T Float]() []*panelKernel[T] {
	all := []*panelKernel[T]{genericPanels[T]()}
	if _, ok := any(all).([]*panelKernel[float32]); !ok {
		return all
	}
	var fast []*panelKernel[T]
	for _, k := range []*panelKernel[float32]{&panelsNEON} {
		if k.level <= cpu.Best() {
			fast = append(fast, any(k).(*panelKernel[T]))
		}
	}
	return append(fast, all...)
}

var panelsNEON = panelKernel[float32]{
	level: cpu.NEON, softmax: panelSoftmaxNEON, finish: panelFinishNEON, grad: panelGradNEON,
	hide: panelHideNEON, scale: scaleRowsNEON, dots: rowDotsNEON,
}

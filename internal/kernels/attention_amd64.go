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
	for _, k := range []*panelKernel[float32]{&panelsAVX512, &panelsAVX2} {
		if k.level <= cpu.Best() {
			fast = append(fast, any(k).(*panelKernel[T]))
		}
	}
	return append(fast, all...)
}

var panelsAVX512 = panelKernel[float32]{
	level: cpu.AVX512, softmax: panelSoftmaxAVX512, finish: panelFinishAVX512, grad: panelGradAVX512,
	hide: panelHideAVX512, scale: scaleRowsAVX512, dots: rowDotsAVX512,
}

var panelsAVX2 = panelKernel[float32]{
	level: cpu.AVX2, softmax: panelSoftmaxAVX2, finish: panelFinishAVX2, grad: panelGradAVX2,
	hide: panelHideAVX2, scale: scaleRowsAVX2, dots: rowDotsAVX2,
}

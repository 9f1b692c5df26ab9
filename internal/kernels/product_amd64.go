//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// productKernels returns the implementations for T that the processor can run
// and the environment allows, the fastest first.
func productKernels[T Float]() []*productKernel[T] {
	all := []*productKernel[T]{genericProduct[T]()}
	if _, ok := any(all).([]*productKernel[float32]); !ok {
		return all
	}
	var fast []*productKernel[T]
	for _, k := range []*productKernel[float32]{&productAVX512} {
		if k.level <= cpu.Best() {
			fast = append(fast, any(k).(*productKernel[T]))
		}
	}
	return append(fast, all...)
}

var productAVX512 = productKernel[float32]{
	level: cpu.AVX512, rows: 14, cols: 32, lanes: 16,
	tile: tileAVX512, copy: copyPanelsAVX512, turn: turnPanel512,
}

// turnPanel512 packs sixteen columns at a time.
func turnPanel512(dst, src []float32, depth, width, lanes, ld int) {
	for j := 0; j < width; j += 16 {
		turnPanelAVX512(dst[j:], src[j*ld:], depth, min(16, width-j), lanes, ld)
	}
}

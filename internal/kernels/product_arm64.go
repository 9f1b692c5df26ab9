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
	for _, k := range []*productKernel[float32]{&productNEON} {
		if k.level <= cpu.Best() {
			fast = append(fast, any(k).(*productKernel[T]))
		}
	}
	return append(fast, all...)
}

var productNEON = productKernel[float32]{
	level: cpu.NEON, rows: 6, cols: 16, lanes: 6, spill: 2,
	tile: tile256, tilePacking: tilePackingNEON, tileRun: tileRunNEON,
	copy: copyPanelsNEON, turn: turnPanel256,
	slim: slimNEON, slimRows: 1, slimCols: 64,
	slimTurned: slimTurnedNEON, turnedRows: 4, turnedCols: 8,
	slimWide: slimWideNEON, wideCols: 32,
}

// turnPanel256 packs eight columns at a time.
func turnPanel256(dst, src []float32, depth, width, lanes, ld int) {
	for j := 0; j < width; j += 8 {
		turnPanelNEON(dst[j:], src[j*ld:], depth, min(8, width-j), lanes, ld)
	}
}

// tile256 computes a tile with fewer than all columns aside.
func tile256(rows, cols, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool, next []float32, nextRow, nextStep int) {
	const width = 16
	if cols == width {
		tileNEON(rows, cols, depth, a, aRow, aStep, b, bStep, c, ldc, bias, accumulate, next, nextRow, nextStep)
		return
	}
	var sum [6 * width]float32
	tileNEON(rows, width, depth, a, aRow, aStep, b, bStep, sum[:], width, nil, false, next, nextRow, nextStep)
	storeTile(rows, cols, sum[:], width, c, ldc, bias, accumulate)
}

// fence has nothing to do, since nothing is written past the caches.
func fence() {}

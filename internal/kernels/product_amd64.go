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
	for _, k := range []*productKernel[float32]{&productAVX512, &productAVX2} {
		if k.level <= cpu.Best() {
			fast = append(fast, any(k).(*productKernel[T]))
		}
	}
	return append(fast, all...)
}

var (
	productAVX512 = productKernel[float32]{
		level: cpu.AVX512, rows: 14, cols: 32, lanes: 16,
		tile: tileAVX512, tilePacking: tilePackingAVX512, tileRun: tileRunAVX512,
		copy: copyPanelsAVX512, turn: turnPanel512,
		slim: slim512, slimRows: 3, slimCols: 128,
		slimTurned: slimTurnedAVX512, turnedRows: 4, turnedCols: 16,
		slimWide: slimWideAVX2, wideCols: 32, // with more sums on their way
	}
	productAVX2 = productKernel[float32]{
		level: cpu.AVX2, rows: 6, cols: 16, lanes: 6, spill: 2,
		tile: tile256, tilePacking: tilePackingAVX2, tileRun: tileRunAVX2,
		copy: copyPanelsAVX2, turn: turnPanel256,
		slim: slimAVX2, slimRows: 1, slimCols: 64,
		slimTurned: slimTurnedAVX2, turnedRows: 4, turnedCols: 8,
		slimWide: slimWideAVX2, wideCols: 32,
	}
)

// slim512 computes one row in two halves, which read less of a row of B at a time.
func slim512(rows, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool) {
	const half = 64
	if rows > 1 {
		slimAVX512(rows, depth, a, aRow, aStep, b, bStep, c, ldc, bias, accumulate)
		return
	}
	slimAVX2(rows, depth, a, aRow, aStep, b, bStep, c, ldc, bias, accumulate)
	slimAVX2(rows, depth, a, aRow, aStep, b[half:], bStep, c[half:], ldc, tail(bias, half), accumulate)
}

// turnPanel512 packs sixteen columns at a time.
func turnPanel512(dst, src []float32, depth, width, lanes, ld int) {
	for j := 0; j < width; j += 16 {
		turnPanelAVX512(dst[j:], src[j*ld:], depth, min(16, width-j), lanes, ld)
	}
}

// turnPanel256 packs eight columns at a time.
func turnPanel256(dst, src []float32, depth, width, lanes, ld int) {
	for j := 0; j < width; j += 8 {
		turnPanelAVX2(dst[j:], src[j*ld:], depth, min(8, width-j), lanes, ld)
	}
}

// tile256 computes a tile with fewer than all columns aside.
func tile256(rows, cols, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool, next []float32, nextRow, nextStep int) {
	const width = 16
	if cols == width {
		tileAVX2(rows, cols, depth, a, aRow, aStep, b, bStep, c, ldc, bias, accumulate, next, nextRow, nextStep)
		return
	}
	var sum [6 * width]float32
	tileAVX2(rows, width, depth, a, aRow, aStep, b, bStep, sum[:], width, nil, false, next, nextRow, nextStep)
	storeTile(rows, cols, sum[:], width, c, ldc, bias, accumulate)
}

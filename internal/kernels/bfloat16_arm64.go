//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// tileFamilies returns the implementations of tiles that the processor can run and the environment allows, the fastest first.
func tileFamilies() [][]*tileKernel {
	if cpu.HasMatrices() {
		return [][]*tileKernel{{&tilesMatrices, &genericMatrices}}
	}
	return [][]*tileKernel{{&genericTiles}}
}

// tilesMatrices has one layout for A and B, so that whether a tile is turned says only what rows of src are.
var tilesMatrices = tileKernel{
	packRows: lanesMatrices, packRowsTurned: lanesMatrices,
	packPairs: termsMatrices, packPairsTurned: termsMatrices,
	multiply: func(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
		_, _, _ = c[(panelLanes-1)*ldc+panels*panelLanes-1], a[blocks*blockSize-1], b[panels*blocks*blockSize-1]
		multiplyMatrices(&c[0], ldc, &a[0], &b[0], blocks, panels, accumulate)
	},
}

func lanesMatrices(dst []uint16, src []float32, ld, blocks int) {
	_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(tileLanes-1)*ld+blocks*tileDepth-1]
	packLanes(&dst[0], &src[0], ld, blocks)
}

func termsMatrices(dst []uint16, src []float32, ld, blocks int) {
	_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(blocks*tileDepth-1)*ld+tileLanes-1]
	packTerms(&dst[0], &src[0], ld, blocks)
}

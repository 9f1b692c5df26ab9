//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

// tileFamilies returns the implementations of tiles that the processor can run and the environment allows, the fastest first. Those of a family come to
// the same bits.
func tileFamilies() [][]*tileKernel {
	var all [][]*tileKernel
	if cpu.HasTiles() {
		all = append(all, []*tileKernel{&tilesAMX, &genericTiles})
	}
	if cpu.HasDots() {
		all = append(all, []*tileKernel{&tilesDots, &genericDots})
	}
	if len(all) == 0 {
		all = append(all, []*tileKernel{&genericTiles})
	}
	return all
}

// tilesDots packs as tilesAMX does, which takes AVX512_BF16 for it.
var tilesDots = withMultiply(tilesAMX, func(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
	_, _, _ = c[(panelLanes-1)*ldc+panels*panelLanes-1], a[blocks*blockSize-1], b[panels*blocks*blockSize-1]
	multiplyDots(&c[0], ldc, &a[0], &b[0], blocks, panels, accumulate)
})

var tilesAMX = tileKernel{
	packRows: func(dst []uint16, src []float32, ld, blocks int) {
		_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(tileLanes-1)*ld+blocks*tileDepth-1]
		packRowsAMX(&dst[0], &src[0], ld, blocks)
	},
	packRowsTurned: func(dst []uint16, src []float32, ld, blocks int) {
		_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(tileLanes-1)*ld+blocks*tileDepth-1]
		packRowsTurnedAMX(&dst[0], &src[0], ld, blocks)
	},
	packPairs: func(dst []uint16, src []float32, ld, blocks int) {
		_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(blocks*tileDepth-1)*ld+tileLanes-1]
		packPairsAMX(&dst[0], &src[0], ld, blocks)
	},
	packPairsTurned: func(dst []uint16, src []float32, ld, blocks int) {
		_, _ = dst[(blocks-1)*blockSize+tileSize-1], src[(blocks*tileDepth-1)*ld+tileLanes-1]
		packPairsTurnedAMX(&dst[0], &src[0], ld, blocks)
	},
	multiply: func(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
		_, _, _ = c[(panelLanes-1)*ldc+panels*panelLanes-1], a[blocks*blockSize-1], b[panels*blocks*blockSize-1]
		multiplyAMX(&squareTiles, &c[0], ldc, &a[0], &b[0], blocks, panels, accumulate)
	},
}

// tileConfig is what LDTILECFG loads.
type tileConfig struct {
	palette byte
	_       [15]byte
	bytes   [16]uint16 // of a row, by tile
	rows    [16]byte
}

// squareTiles are eight tiles of 16 rows with 64 bytes each.
var squareTiles = func() (c tileConfig) {
	c.palette = 1
	for i := range 8 {
		c.bytes[i], c.rows[i] = 2*tileDepth, tileLanes
	}
	return c
}()

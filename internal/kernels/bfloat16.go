package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/float16"
)

// Tiles of bfloat16, as Intel's AMX multiplies them: 16 rows of A with 32 terms each, and of B 16 columns of 32 terms, a row of which has two
// terms of each column side by side. A panel has two tiles of a block of terms one behind the other, and its blocks in order.
const (
	tileLanes  = 16 // rows of A or columns of B
	tileDepth  = 32 // terms
	tileSize   = tileLanes * tileDepth
	panelLanes = 2 * tileLanes
	blockSize  = 2 * tileSize // elements of a block of a panel
)

// tileKernel is an implementation of what products of bfloat16 are made of. The functions that pack write one tile of each block of a panel, from
// 16 rows of src with 32·blocks elements each, or from 32·blocks rows with 16; rows are ld apart. Those that turn put rows where the others put
// columns.
type tileKernel struct {
	packRows, packRowsTurned   func(dst []uint16, src []float32, ld, blocks int)
	packPairs, packPairsTurned func(dst []uint16, src []float32, ld, blocks int)
	// multiply multiplies a panel of A by panels of B, and writes 32 rows of C with 32·panels columns, or adds to them.
	multiply func(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool)
}

// tileKernels returns those implementations of tiles that products use, which come to the same bits: the fastest first.
func tileKernels() []*tileKernel { return tileFamilies()[0] }

// genericTiles says what the others compute, to the bit.
var genericTiles = tileKernel{
	packRows: func(dst []uint16, src []float32, ld, blocks int) {
		packTiles(dst, blocks, func(lane, k int) float32 { return src[lane*ld+k] }, false)
	},
	packRowsTurned: func(dst []uint16, src []float32, ld, blocks int) {
		packTiles(dst, blocks, func(lane, k int) float32 { return src[lane*ld+k] }, true)
	},
	packPairs: func(dst []uint16, src []float32, ld, blocks int) {
		packTiles(dst, blocks, func(lane, k int) float32 { return src[k*ld+lane] }, true)
	},
	packPairsTurned: func(dst []uint16, src []float32, ld, blocks int) {
		packTiles(dst, blocks, func(lane, k int) float32 { return src[k*ld+lane] }, false)
	},
	multiply: multiplyGeneric,
}

// packTiles writes tiles of A, or those of B with pairs of terms side by side.
func packTiles(dst []uint16, blocks int, at func(lane, k int) float32, pairs bool) {
	for block := range blocks {
		tile := dst[block*blockSize:][:tileSize]
		for lane := range tileLanes {
			for k := range tileDepth {
				v := toBFloat16(at(lane, block*tileDepth+k))
				if pairs {
					tile[k/2*tileDepth+2*lane+k%2] = v
				} else {
					tile[lane*tileDepth+k] = v
				}
			}
		}
	}
}

// toBFloat16 rounds to the nearest bfloat16, to even ones in the middle. What is too small for a normal number becomes 0, as AVX512_BF16 has it.
func toBFloat16(v float32) uint16 { return float16.ToBrain(normal(v)) }

// multiplyGeneric adds the even terms of a block and the odd ones each by themselves, then both, and that to C. What is too small for a normal number
// is 0 at each step.
func multiplyGeneric(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
	for panel := range panels {
		panelB := b[panel*blocks*blockSize:]
		for i := range panelLanes {
			for j := range panelLanes {
				dst := &c[i*ldc+panel*panelLanes+j]
				sum := float32(0)
				if accumulate {
					sum = *dst
				}
				for block := range blocks {
					rowA := a[block*blockSize+i*tileDepth:][:tileDepth]
					tileB := panelB[block*blockSize+j/tileLanes*tileSize+j%tileLanes*2:]
					var even, odd float32
					for k := 0; k < tileDepth; k += 2 {
						even = normal(even + fromBFloat16(rowA[k])*fromBFloat16(tileB[k/2*tileDepth]))
						odd = normal(odd + fromBFloat16(rowA[k+1])*fromBFloat16(tileB[k/2*tileDepth+1]))
					}
					sum = normal(normal(sum) + normal(even+odd))
				}
				*dst = sum
			}
		}
	}
}

func fromBFloat16(v uint16) float32 { return normal(float16.Brain(v)) }

// normal returns 0 for a number that is too small for a normal one.
func normal(v float32) float32 {
	if math.Float32bits(v)&0x7f80_0000 == 0 {
		return math.Float32frombits(math.Float32bits(v) & 0x8000_0000)
	}
	return v
}

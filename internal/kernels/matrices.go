package kernels

import (
	"math"

	"github.com/seahorse-ml/seahorse/internal/float16"
)

// matrixTerms are the terms of a row of A and of a column of B that one instruction multiplies, which lie side by side.
const matrixTerms = 4

// genericMatrices says what arm64's BFMMLA computes, to the bit. Tiles of A and of B have four terms of each lane side by side, and then those of the next lane.
var genericMatrices = tileKernel{
	packRows: packLanesGeneric, packRowsTurned: packLanesGeneric,
	packPairs: packTermsGeneric, packPairsTurned: packTermsGeneric,
	multiply: multiplyMatricesGeneric,
}

func packLanesGeneric(dst []uint16, src []float32, ld, blocks int) {
	packMatrices(dst, blocks, func(lane, k int) float32 { return src[lane*ld+k] })
}

func packTermsGeneric(dst []uint16, src []float32, ld, blocks int) {
	packMatrices(dst, blocks, func(lane, k int) float32 { return src[k*ld+lane] })
}

func packMatrices(dst []uint16, blocks int, at func(lane, k int) float32) {
	for block := range blocks {
		tile := dst[block*blockSize:][:tileSize]
		for lane := range tileLanes {
			for k := range tileDepth {
				tile[matrixAt(lane, k)] = float16.ToBrain(at(lane, block*tileDepth+k))
			}
		}
	}
}

// matrixAt returns where a tile has a term of a lane.
func matrixAt(lane, k int) int { return (k/matrixTerms*tileLanes+lane)*matrixTerms + k%matrixTerms }

// multiplyMatricesGeneric adds the terms to C in pairs: the products of a pair to each other, and that to the sum. All is rounded to odd, and what is too small for a
// normal number is 0.
func multiplyMatricesGeneric(c []float32, ldc int, a, b []uint16, blocks, panels int, accumulate bool) {
	for panel := range panels {
		panelB := b[panel*blocks*blockSize:]
		for i := range panelLanes {
			for j := range panelLanes {
				dst := &c[i*ldc+panel*panelLanes+j]
				sum := float32(0)
				if accumulate {
					sum = normal(*dst)
				}
				for block := range blocks {
					tileA := a[block*blockSize+i/tileLanes*tileSize:][:tileSize]
					tileB := panelB[block*blockSize+j/tileLanes*tileSize:][:tileSize]
					for k := 0; k < tileDepth; k += 2 {
						atA, atB := matrixAt(i%tileLanes, k), matrixAt(j%tileLanes, k)
						first := normal(fromBFloat16(tileA[atA]) * fromBFloat16(tileB[atB]))
						second := normal(fromBFloat16(tileA[atA+1]) * fromBFloat16(tileB[atB+1]))
						sum = addToOdd(sum, addToOdd(first, second))
					}
				}
				*dst = sum
			}
		}
	}
}

// addToOdd adds two numbers and rounds to odd: where the sum lies between two numbers, to the one whose last bit is 1. It returns 0 where the sum is too small for a
// normal number.
func addToOdd(x, y float32) float32 {
	const smallest = 0x1p-126
	a, b := float64(x), float64(y)
	sum := a + b
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return float32(sum)
	}
	part := sum - a
	rest := (a - (sum - part)) + (b - part) // what rounding to float64 has left out
	bits := math.Float64bits(sum)
	if rest != 0 {
		if math.Signbit(rest) != math.Signbit(sum) {
			bits-- // towards 0
		}
		bits |= 1
	}
	const below = 1<<29 - 1 // the bits that float32 doesn't have
	if bits&below != 0 {
		bits = bits&^below | (below + 1)
	}
	sum = math.Float64frombits(bits)
	if math.Abs(sum) < smallest {
		return float32(math.Copysign(0, sum))
	}
	return float32(sum)
}

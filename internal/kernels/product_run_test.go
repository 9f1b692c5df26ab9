package kernels

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// TestTileRun holds runs of tiles, along columns and along rows, to tile, for each way of writing C.
func TestTileRun(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 42))
	eachProductKernel(t, func(t *testing.T, kernel *productKernel[float32]) {
		rows, cols := kernel.rows, kernel.cols
		for _, depth := range []int{0, 1, 15, 16, 17, 40} {
			for _, count := range []int{1, 2, 5} {
				for _, along := range []string{"columns", "rows"} {
					aTile, bTile, biasTile := 0, cols*depth, cols
					height, width := rows, count*cols
					if along == "rows" {
						aTile, bTile, biasTile = rows*(depth+1), 0, 0
						height, width = count*rows, cols
					}
					ldc := roundUp(width, 16) + 16
					cTile := choose(along == "rows", rows*ldc, cols)
					a, b, biases := randomMatrix(r, height*(depth+1)), randomMatrix(r, count*depth*cols+cols), randomMatrix(r, width)
					addend := randomMatrix(r, height*ldc)
					for write := writeOver; write <= writeStreaming; write++ {
						for option := range 4 {
							bias, add := choose(option&1 != 0, biases, nil), choose(option&2 != 0, addend, nil)
							var c [2][]float32
							for i := range c {
								c[i] = memory.Make[float32]((height + 1) * ldc)
								Fill(c[i], guard)
							}
							for i := range count {
								kernel.tile(rows, cols, depth, a[i*aTile:], depth+1, 1, b[i*bTile:], cols, c[0][i*cTile:], ldc, tail(bias, i*biasTile), write == writeAdding, nil, 0, 0)
								addRows(c[0][i*cTile:], tail(add, i*cTile), rows, cols, ldc)
							}
							kernel.tileRun(count, depth, a, depth+1, 1, aTile, b, cols, bTile, c[1], ldc, cTile, bias, biasTile, write, add, a, depth+1, 16, b, cols, 16*cols, 16)
							fence()
							equalBits(t, fmt.Sprintf("%d tiles of depth %d along %s, written as %d, option %d", count, depth, along, write, option), c[1], c[0])
						}
					}
				}
			}
		}
	})
}

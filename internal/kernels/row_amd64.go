//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

var rowProducts = byFormat[rowProduct]{
	cpu.AVX2: {
		blocks.Q4_0: {rowQ40AVX2, rowsQ40AVX2, 2, 16},
		blocks.Q4_1: {rowQ41AVX2, rowsQ41AVX2, 2, 16},
		blocks.Q5_0: {rowQ50AVX2, rowsQ50AVX2, 2, 16},
		blocks.Q5_1: {rowQ51AVX2, rowsQ51AVX2, 2, 16},
		blocks.Q8_0: {rowQ80AVX2, rowsQ80AVX2, 2, 16},
	},
	cpu.AVX512: {
		blocks.Q4_0: {rowQ40AVX512, rowsQ40AVX512, 4, 32},
		blocks.Q4_1: {rowQ41AVX512, rowsQ41AVX512, 4, 32},
		blocks.Q5_0: {rowQ50AVX512, rowsQ50AVX512, 4, 32},
		blocks.Q5_1: {rowQ51AVX512, rowsQ51AVX512, 4, 32},
		blocks.Q8_0: {rowQ80AVX512, rowsQ80AVX512, 4, 32},
	},
}

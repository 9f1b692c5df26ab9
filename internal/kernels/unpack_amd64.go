//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

var unpackers = byFormat[unpacker]{
	cpu.AVX2: {
		blocks.F16:  {unpackF16AVX2, 8, 16},
		blocks.BF16: {unpackBF16AVX2, 8, 16},
		blocks.Q8_0: {unpackQ80AVX2, 32, 34},
		blocks.Q4_0: {unpackQ40AVX2, 32, 18},
		blocks.Q4_1: {unpackQ41AVX2, 32, 20},
		blocks.Q5_0: {unpackQ50AVX2, 32, 22},
		blocks.Q5_1: {unpackQ51AVX2, 32, 24},
		blocks.Q4_K: {unpackQ4KAVX2, 256, 144},
		blocks.Q5_K: {unpackQ5KAVX2, 256, 176},
		blocks.Q6_K: {unpackQ6KAVX2, 256, 210},
	},
	cpu.AVX512: {
		blocks.F16:  {unpackF16AVX512, 16, 32},
		blocks.BF16: {unpackBF16AVX512, 16, 32},
		blocks.Q8_0: {unpackQ80AVX512, 32, 34},
		blocks.Q4_0: {unpackQ40AVX512, 32, 18},
		blocks.Q4_1: {unpackQ41AVX512, 32, 20},
		blocks.Q5_0: {unpackQ50AVX512, 32, 22},
		blocks.Q5_1: {unpackQ51AVX512, 32, 24},
		blocks.Q4_K: {unpackQ4KAVX512, 256, 144},
		blocks.Q5_K: {unpackQ5KAVX512, 256, 176},
		blocks.Q6_K: {unpackQ6KAVX512, 256, 210},
	},
}

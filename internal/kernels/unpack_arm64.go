//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

var unpackers = byFormat[unpacker]{
	cpu.NEON: {
		blocks.F16:  {unpackF16NEON, 8, 16},
		blocks.BF16: {unpackBF16NEON, 8, 16},
		blocks.Q8_0: {unpackQ80NEON, 32, 34},
		blocks.Q4_0: {unpackQ40NEON, 32, 18},
		blocks.Q4_1: {unpackQ41NEON, 32, 20},
		blocks.Q5_0: {unpackQ50NEON, 32, 22},
		blocks.Q5_1: {unpackQ51NEON, 32, 24},
		blocks.Q4_K: {unpackQ4KNEON, 256, 144},
		blocks.Q5_K: {unpackQ5KNEON, 256, 176},
		blocks.Q6_K: {unpackQ6KNEON, 256, 210},
	},
}

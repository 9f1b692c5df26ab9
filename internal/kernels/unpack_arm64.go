//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// unpackers returns the assembly for a format.
func unpackers(level cpu.Level, kind blocks.Kind) unpacker {
	if level != cpu.NEON {
		return unpacker{}
	}
	const lanes = 8
	switch kind {
	case blocks.F16:
		return unpacker{unpackF16NEON, lanes, 2 * lanes}
	case blocks.BF16:
		return unpacker{unpackBF16NEON, lanes, 2 * lanes}
	case blocks.Q8_0:
		return unpacker{unpackQ80NEON, 32, 34}
	case blocks.Q4_0:
		return unpacker{unpackQ40NEON, 32, 18}
	case blocks.Q4_1:
		return unpacker{unpackQ41NEON, 32, 20}
	case blocks.Q5_0:
		return unpacker{unpackQ50NEON, 32, 22}
	case blocks.Q5_1:
		return unpacker{unpackQ51NEON, 32, 24}
	case blocks.Q4_K:
		return unpacker{unpackQ4KNEON, 256, 144}
	case blocks.Q5_K:
		return unpacker{unpackQ5KNEON, 256, 176}
	case blocks.Q6_K:
		return unpacker{unpackQ6KNEON, 256, 210}
	}
	return unpacker{}
}

//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// unpackers returns the assembly for a format.
func unpackers(level cpu.Level, kind blocks.Kind) unpacker {
	switch level {
	case cpu.AVX512:
		return unpackers512(kind)
	case cpu.AVX2:
		return unpackers256(kind)
	}
	return unpacker{}
}

func unpackers256(kind blocks.Kind) unpacker {
	const lanes = 8
	switch kind {
	case blocks.F16:
		return unpacker{unpackF16AVX2, lanes, 2 * lanes}
	case blocks.BF16:
		return unpacker{unpackBF16AVX2, lanes, 2 * lanes}
	case blocks.Q8_0:
		return unpacker{unpackQ80AVX2, 32, 34}
	case blocks.Q4_0:
		return unpacker{unpackQ40AVX2, 32, 18}
	case blocks.Q4_1:
		return unpacker{unpackQ41AVX2, 32, 20}
	case blocks.Q5_0:
		return unpacker{unpackQ50AVX2, 32, 22}
	case blocks.Q5_1:
		return unpacker{unpackQ51AVX2, 32, 24}
	case blocks.Q4_K:
		return unpacker{unpackQ4KAVX2, 256, 144}
	case blocks.Q5_K:
		return unpacker{unpackQ5KAVX2, 256, 176}
	case blocks.Q6_K:
		return unpacker{unpackQ6KAVX2, 256, 210}
	}
	return unpacker{}
}

func unpackers512(kind blocks.Kind) unpacker {
	const lanes = 16
	switch kind {
	case blocks.F16:
		return unpacker{unpackF16AVX512, lanes, 2 * lanes}
	case blocks.BF16:
		return unpacker{unpackBF16AVX512, lanes, 2 * lanes}
	case blocks.Q8_0:
		return unpacker{unpackQ80AVX512, 32, 34}
	case blocks.Q4_0:
		return unpacker{unpackQ40AVX512, 32, 18}
	case blocks.Q4_1:
		return unpacker{unpackQ41AVX512, 32, 20}
	case blocks.Q5_0:
		return unpacker{unpackQ50AVX512, 32, 22}
	case blocks.Q5_1:
		return unpacker{unpackQ51AVX512, 32, 24}
	case blocks.Q4_K:
		return unpacker{unpackQ4KAVX512, 256, 144}
	case blocks.Q5_K:
		return unpacker{unpackQ5KAVX512, 256, 176}
	case blocks.Q6_K:
		return unpacker{unpackQ6KAVX512, 256, 210}
	}
	return unpacker{}
}

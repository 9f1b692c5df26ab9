//go:build !purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// rowProducts returns the assembly for a format.
func rowProducts(level cpu.Level, kind blocks.Kind) rowProduct {
	switch level {
	case cpu.AVX512:
		return rowProducts512(kind)
	case cpu.AVX2:
		return rowProducts256(kind)
	}
	return rowProduct{}
}

func rowProducts512(kind blocks.Kind) rowProduct {
	switch kind {
	case blocks.Q4_0:
		return rowProduct{rowQ40AVX512, rowsQ40AVX512, 4, 32}
	case blocks.Q4_1:
		return rowProduct{rowQ41AVX512, rowsQ41AVX512, 4, 32}
	case blocks.Q5_0:
		return rowProduct{rowQ50AVX512, rowsQ50AVX512, 4, 32}
	case blocks.Q5_1:
		return rowProduct{rowQ51AVX512, rowsQ51AVX512, 4, 32}
	case blocks.Q8_0:
		return rowProduct{rowQ80AVX512, rowsQ80AVX512, 4, 32}
	}
	return rowProduct{}
}

func rowProducts256(kind blocks.Kind) rowProduct {
	switch kind {
	case blocks.Q4_0:
		return rowProduct{rowQ40AVX2, rowsQ40AVX2, 2, 16}
	case blocks.Q4_1:
		return rowProduct{rowQ41AVX2, rowsQ41AVX2, 2, 16}
	case blocks.Q5_0:
		return rowProduct{rowQ50AVX2, rowsQ50AVX2, 2, 16}
	case blocks.Q5_1:
		return rowProduct{rowQ51AVX2, rowsQ51AVX2, 2, 16}
	case blocks.Q8_0:
		return rowProduct{rowQ80AVX2, rowsQ80AVX2, 2, 16}
	}
	return rowProduct{}
}

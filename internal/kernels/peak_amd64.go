//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

func multiplyAdds(n int) float64 {
	const unrolled = 4
	switch cpu.Best() {
	case cpu.AVX512:
		multiplyAddsAVX512(n)
		return float64(n) * unrolled * 16 * 16 * 2
	case cpu.AVX2:
		multiplyAddsAVX2(n)
		return float64(n) * unrolled * 12 * 8 * 2
	}
	return multiplyAddsGeneric(n)
}

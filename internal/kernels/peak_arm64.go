//go:build !purego

package kernels

import "github.com/seahorse-ml/seahorse/internal/cpu"

func multiplyAdds(n int) float64 {
	const unrolled = 4
	if cpu.Best() == cpu.NEON {
		multiplyAddsNEON(n)
		return float64(n) * unrolled * 12 * 8 * 2
	}
	return multiplyAddsGeneric(n)
}

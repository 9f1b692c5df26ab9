//go:build !arm64

package cpu

// HasMatrices reports whether kernels may multiply small matrices of bfloat16: not here.
func HasMatrices() bool { return false }

//go:build !amd64 || purego

package cpu

// HasDots reports whether kernels may use products of pairs of bfloat16.
func HasDots() bool { return false }

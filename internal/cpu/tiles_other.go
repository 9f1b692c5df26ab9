//go:build !linux || !amd64 || purego

package cpu

// HasTiles reports whether kernels may use tiles of bfloat16.
func HasTiles() bool { return false }

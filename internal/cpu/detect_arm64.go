//go:build !purego

package cpu

// detect returns NEON, which each processor of arm64 has.
func detect() Level { return NEON }

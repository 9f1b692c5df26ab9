//go:build (!amd64 && !arm64) || purego

package kernels

// allVectors returns the assembly that this build has, the slowest first.
func allVectors() []*vectors { return nil }

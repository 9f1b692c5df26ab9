//go:build (!amd64 && !arm64) || purego

package kernels

func multiplyAdds(n int) float64 { return multiplyAddsGeneric(n) }

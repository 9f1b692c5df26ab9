//go:build !amd64 || purego

package kernels

func multiplyAdds(n int) float64 { return multiplyAddsGeneric(n) }

//go:build !amd64 || purego

package kernels

var rowProducts byFormat[rowProduct] // none

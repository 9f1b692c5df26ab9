//go:build (!amd64 && !arm64) || purego

package kernels

var unpackers byFormat[unpacker] // none

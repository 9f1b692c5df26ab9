//go:build !amd64 || purego

package kernels

// tileFamilies returns the implementations of tiles that the processor can run.
func tileFamilies() [][]*tileKernel { return [][]*tileKernel{{&genericTiles}} }

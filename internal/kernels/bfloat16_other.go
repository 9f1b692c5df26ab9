//go:build (!amd64 && !arm64) || purego

package kernels

// tileFamilies returns the implementations of tiles that the processor can run.
func tileFamilies() [][]*tileKernel { return [][]*tileKernel{{&genericTiles}} }

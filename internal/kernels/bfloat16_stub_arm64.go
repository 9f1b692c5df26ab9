//go:build !purego

package kernels

// multiplyMatrices is tileKernel.multiply by BFMMLA.
//
//go:noescape
func multiplyMatrices(c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)

// packLanes packs tiles for multiplyMatrices, whose lanes are rows of src.
//
//go:noescape
func packLanes(dst *uint16, src *float32, ld, blocks int)

// packTerms packs tiles for multiplyMatrices, whose terms are rows of src.
//
//go:noescape
func packTerms(dst *uint16, src *float32, ld, blocks int)

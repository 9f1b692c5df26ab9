//go:build !purego

package kernels

// multiplyAMX is tileKernel.multiply by Intel's AMX.
//
//go:noescape
func multiplyAMX(config *tileConfig, c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)

// packRowsAMX is tileKernel.packRows by AVX512_BF16.
//
//go:noescape
func packRowsAMX(dst *uint16, src *float32, ld, blocks int)

// packRowsTurnedAMX is tileKernel.packRowsTurned by AVX512_BF16.
//
//go:noescape
func packRowsTurnedAMX(dst *uint16, src *float32, ld, blocks int)

// packPairsAMX is tileKernel.packPairs by AVX512_BF16.
//
//go:noescape
func packPairsAMX(dst *uint16, src *float32, ld, blocks int)

// packPairsTurnedAMX is tileKernel.packPairsTurned by AVX512_BF16.
//
//go:noescape
func packPairsTurnedAMX(dst *uint16, src *float32, ld, blocks int)

// multiplyDots is tileKernel.multiply by AVX512_BF16.
//
//go:noescape
func multiplyDots(c *float32, ldc int, a, b *uint16, blocks, panels int, accumulate bool)

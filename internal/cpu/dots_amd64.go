//go:build !purego

package cpu

import "github.com/klauspost/cpuid/v2"

// HasDots reports whether kernels may use AVX512_BF16, products of pairs of bfloat16: AMD has it since Zen 4.
func HasDots() bool { return Best() == AVX512 && cpuid.CPU.Supports(cpuid.AVX512BF16) }

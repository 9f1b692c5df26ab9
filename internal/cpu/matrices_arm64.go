package cpu

import "github.com/klauspost/cpuid/v2"

// HasMatrices reports whether kernels may multiply small matrices of bfloat16, by arm64's BF16 (BFMMLA).
func HasMatrices() bool { return Best() == NEON && cpuid.CPU.Supports(cpuid.BF16) }

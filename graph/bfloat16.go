package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/cpu"
	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// HasBFloat16 reports whether this processor multiplies bfloat16, which makes Config.BFloat16 worth its rounding: by AVX512_BF16, as AMD's since Zen 4,
// by Intel's AMX, on Linux, or by arm64's BF16, as Graviton 3 and Apple's M2.
func HasBFloat16() bool { return kernels.HasBFloat16() }

// CheckBFloat16 returns an error on a processor that doesn't have HasBFloat16.
func CheckBFloat16() error {
	if HasBFloat16() {
		return nil
	}
	return fmt.Errorf("%s multiplies no bfloat16 (AVX512_BF16, Intel's AMX on Linux, or arm64's BF16); train in float32", cpu.Name())
}

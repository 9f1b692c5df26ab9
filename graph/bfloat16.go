package graph

import "github.com/seahorse-ml/seahorse/internal/kernels"

// HasBFloat16 reports whether this processor multiplies tiles of bfloat16, which makes Config.BFloat16 worth its rounding: Intel's AMX, on Linux.
func HasBFloat16() bool { return kernels.HasBFloat16() }

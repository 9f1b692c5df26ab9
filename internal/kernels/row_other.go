//go:build !amd64 || purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// rowProducts returns none.
func rowProducts(cpu.Level, blocks.Kind) rowProduct { return rowProduct{} }

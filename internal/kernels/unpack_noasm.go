//go:build (!amd64 && !arm64) || purego

package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// unpackers returns none.
func unpackers(cpu.Level, blocks.Kind) unpacker { return unpacker{} }

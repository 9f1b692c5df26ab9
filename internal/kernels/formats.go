package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// byFormat is the assembly of each level for each format; zero where there is none.
type byFormat[T any] [cpu.NEON + 1][blocks.BF16 + 1]T

// of returns the assembly for a format.
func (t *byFormat[T]) of(level cpu.Level, kind blocks.Kind) (found T) {
	if int(kind) < len(t[level]) {
		found = t[level][kind]
	}
	return found
}

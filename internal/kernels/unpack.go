package kernels

import (
	"github.com/seahorse-ml/seahorse/internal/blocks"
	"github.com/seahorse-ml/seahorse/internal/cpu"
)

// unpacker unpacks a format at a level.
type unpacker struct {
	run             func(dst []float32, src []byte, n int) // n units; nil where there is none but the specification
	elements, bytes int                                    // of a unit: a block, or of numbers of 16 bits a vector
}

// unpackBlocks writes the values of whole blocks to dst: what blocks.Kind.Unpack says.
func unpackBlocks(kind blocks.Kind, dst []float32, src []byte) {
	unpackers.of(cpu.Best(), kind).unpack(kind, dst, src)
}

func (u unpacker) unpack(kind blocks.Kind, dst []float32, src []byte) {
	if u.run == nil {
		kind.Unpack(dst, src)
		return
	}
	n := len(dst) / u.elements
	if n > 0 {
		u.run(dst, src[:n*u.bytes], n)
	}
	if rest := n * u.elements; rest < len(dst) {
		kind.Unpack(dst[rest:], src[n*u.bytes:])
	}
}

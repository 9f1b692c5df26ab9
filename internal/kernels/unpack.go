package kernels

import "github.com/seahorse-ml/seahorse/internal/blocks"

// unpackBlocks writes the values of whole blocks to dst: what blocks.Kind.Unpack says.
func unpackBlocks(kind blocks.Kind, dst []float32, src []byte) {
	if fast := fastUnpack(kind); fast != nil {
		fast(dst, src)
		return
	}
	kind.Unpack(dst, src)
}

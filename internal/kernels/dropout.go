package kernels

import "github.com/seahorse-ml/seahorse/internal/random"

// Dropout computes dst[i] = x[i]/(1-p) where a random number is at least p and
// 0 elsewhere. The number of element i is word (offset+i) of the 32-bit words of
// random's stream, over 2³². dst may be x.
func Dropout[T Float](dst, x []T, p float64, seed, stream, offset uint64) {
	x = x[:len(dst)]
	if v := fastFor[T](); v != nil {
		v.dropoutBlocks(single(dst), single(x), p, seed, stream, offset)
		return
	}
	dropoutGeneric(dst, x, p, seed, stream, offset)
}

func dropoutGeneric[T Float](dst, x []T, p float64, seed, stream, offset uint64) {
	keep := T(1 / (1 - p))
	least := uint64(p * (1 << 32))
	var block [4]uint32
	for i := range dst {
		at := offset + uint64(i)
		if i == 0 || at%4 == 0 {
			block = random.Block(seed, stream, at/4)
		}
		if uint64(block[at%4]) >= least {
			dst[i] = x[i] * keep
		} else {
			dst[i] = 0
		}
	}
}

// dropoutBlocks is Dropout in blocks of 64 elements, whose random words are
// computed side by side.
func (v *vectors) dropoutBlocks(dst, x []float32, p float64, seed, stream, offset uint64) {
	const width = 64
	head := min(len(dst), int(-offset%4)) // up to the next block of random words
	first := (offset + uint64(head)) / 4
	body := (len(dst) - head) / width * width
	if first>>32 != (first+uint64(body)/4)>>32 {
		body = 0 // the assembly counts in 32 bits
	}
	dropoutGeneric(dst[:head], x[:head], p, seed, stream, offset)
	if body > 0 {
		at := head + body
		v.dropout(dst[head:at], x[head:at], float32(1/(1-p)), uint32(p*(1<<32)), seed, stream, first)
		head = at
	}
	dropoutGeneric(dst[head:], x[head:], p, seed, stream, offset+uint64(head))
}

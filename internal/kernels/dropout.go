package kernels

import "github.com/seahorse-ml/seahorse/internal/random"

// Dropout computes dst[i] = x[i]/(1-p) where a random number is at least p and
// 0 elsewhere. The number of element i is word (offset+i) of the 32-bit words of
// random's stream, over 2³². dst may be x.
func Dropout[T Float](dst, x []T, p float64, seed, stream, offset uint64) {
	x = x[:len(dst)]
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

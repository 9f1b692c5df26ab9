package kernels

// Rotary turns pairs (a, b) of the first rot elements of each of a token's
// heads, x [heads, size], by the angles whose cosines and sines are given [rot/2]:
//
//	a' = a·cos - b·sin,  b' = b·cos + a·sin
//
// and copies the rest. Pair i is (x[i], x[i+rot/2]), or (x[2i], x[2i+1]) where
// interleaved; inverse turns back. dst may be x.
func Rotary[T Float](dst, x, cos, sin []T, heads, size, rot int, interleaved, inverse bool) {
	half := rot / 2
	if v := fastFor[T](); v != nil && heads > 0 {
		x, dst = x[:heads*size], dst[:heads*size]
		sign := float32(1)
		if inverse {
			sign = -1
		}
		rotate := v.rotateHalves
		if interleaved {
			rotate = v.rotatePairs
		}
		rotate(single(dst), single(x), single(cos[:half]), single(sin[:half]), heads, size, sign)
		for h := 0; rot < size && h < heads; h++ {
			copy(dst[h*size+rot:(h+1)*size], x[h*size+rot:(h+1)*size])
		}
		return
	}
	for h := range heads {
		in, out := x[h*size:(h+1)*size], dst[h*size:(h+1)*size]
		for i := range half {
			a, b := i, i+half
			if interleaved {
				a, b = 2*i, 2*i+1
			}
			c, s := cos[i], sin[i]
			if inverse {
				s = -s
			}
			va, vb := in[a], in[b]
			out[a], out[b] = T(va*c)-T(vb*s), T(vb*c)+T(va*s) // rounded, where Go would fuse them, as on arm64
		}
		copy(out[rot:], in[rot:])
	}
}

package blocks

// The blocks of 256 are cut into groups of 16 or 32 with scales of 4 to 8 bits, which the block's own d (and for minima
// its m) of 16 bits multiply.

// scaleMin returns the scale and the minimum of group j of 8, each of 6 bits, from the 12 bytes that Q4_K and
// Q5_K pack them in: the first four of each lie in the lower 6 bits of a byte; of the others, the lower 4 bits share a byte and
// the upper 2 lie above those of the first.
func scaleMin(packed []byte, j int) (scale, minimum uint8) {
	if j < 4 {
		return packed[j] & 63, packed[j+4] & 63
	}
	return packed[j+4]&15 | packed[j-4]>>6<<4, packed[j+4]>>4 | packed[j]>>6<<4
}

// setScaleMins packs the scales and minima of 8 groups.
func setScaleMins(packed []byte, scales, minima []uint8) {
	for j := range 4 {
		packed[j] = scales[j]&63 | scales[j+4]>>4<<6
		packed[j+4] = minima[j]&63 | minima[j+4]>>4<<6
		packed[j+8] = scales[j+4]&15 | minima[j+4]<<4
	}
}

func unpackQ4K(dst []float32, src []byte) {
	eachBlock(dst, src, superBlock, 144, func(x []float32, b []byte) {
		d, m, packed, low := half(b), half(b[2:]), b[4:16], b[16:144]
		for j := range 8 {
			s, o := scaleMin(packed, j)
			scale, offset := d*float32(s), m*float32(o)
			for i, q := range low[j/2*32:][:32] {
				x[j*32+i] = float32(scale*float32(q>>(j%2*4)&15)) - offset
			}
		}
	})
}

func unpackQ5K(dst []float32, src []byte) {
	eachBlock(dst, src, superBlock, 176, func(x []float32, b []byte) {
		d, m, packed, high, low := half(b), half(b[2:]), b[4:16], b[16:48], b[48:176]
		for j := range 8 {
			s, o := scaleMin(packed, j)
			scale, offset := d*float32(s), m*float32(o)
			for i, q := range low[j/2*32:][:32] {
				x[j*32+i] = float32(scale*float32(q>>(j%2*4)&15|high[i]>>j&1<<4)) - offset
			}
		}
	})
}

func unpackQ6K(dst []float32, src []byte) {
	eachBlock(dst, src, superBlock, 210, func(x []float32, b []byte) {
		low, high, scales, d := b[:128], b[128:192], b[192:208], half(b[208:])
		for i := range x {
			// 128 numbers have 64 bytes of lower halves and 32 of upper quarters.
			part, j := i/128, i%128
			q := low[part*64+j%64]>>(j/64*4)&15 | high[part*32+j%32]>>(j/32*2)&3<<4
			x[i] = float32(d*float32(int8(scales[i/16]))) * float32(int(q)-32)
		}
	})
}

func unpackQ2K(dst []float32, src []byte) {
	eachBlock(dst, src, superBlock, 84, func(x []float32, b []byte) {
		scales, low, d, m := b[:16], b[16:80], half(b[80:]), half(b[82:])
		for i := range x {
			s := scales[i/16]
			q := low[i/128*32+i%32] >> (i % 128 / 32 * 2) & 3
			x[i] = float32(float32(d*float32(s&15))*float32(q)) - float32(m*float32(s>>4))
		}
	})
}

func unpackQ3K(dst []float32, src []byte) {
	eachBlock(dst, src, superBlock, 110, func(x []float32, b []byte) {
		high, low, packed, d := b[:32], b[32:96], b[96:108], half(b[108:])
		for i := range x {
			j := i / 16
			s := int(packed[j%8]>>(j/8*4)&15 | packed[8+j%4]>>(j/4*2)&3<<4)
			q := int(low[i/128*32+i%32] >> (i % 128 / 32 * 2) & 3)
			if high[i%32]>>(i/32)&1 == 0 {
				q -= 4
			}
			x[i] = float32(d*float32(s-32)) * float32(q)
		}
	})
}

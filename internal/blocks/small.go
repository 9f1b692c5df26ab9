package blocks

import (
	"encoding/binary"
	"math"
)

// The blocks of 32: a scale d of 16 bits, in some formats a minimum m, and the numbers q of n bits. The value is
// d·(q − 2ⁿ⁻¹), or d·q + m. Of 4 bits, the first half of the block lies in the lower halves of the bytes; fifth bits lie apart, in
// an integer of 32 bits.

const smallBlock = 32

// eachBlock calls f with every block of a row.
func eachBlock(floats []float32, data []byte, elements, size int, f func(x []float32, b []byte)) {
	for i := 0; i < len(floats)/elements; i++ {
		f(floats[i*elements:][:elements], data[i*size:][:size])
	}
}

func unpackQ40(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 18, func(x []float32, b []byte) {
		d := half(b)
		for i, q := range b[2:18] {
			x[i], x[i+16] = d*float32(int(q&15)-8), d*float32(int(q>>4)-8)
		}
	})
}

func unpackQ41(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 20, func(x []float32, b []byte) {
		d, m := half(b), half(b[2:])
		for i, q := range b[4:20] {
			x[i], x[i+16] = float32(d*float32(q&15))+m, float32(d*float32(q>>4))+m
		}
	})
}

// fifth returns the number of 5 bits whose lower ones are in low and whose last is bit i of high.
func fifth(low byte, high uint32, i int) int { return int(low) | int(high>>i&1)<<4 }

func unpackQ50(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 22, func(x []float32, b []byte) {
		d, high := half(b), binary.LittleEndian.Uint32(b[2:])
		for i, q := range b[6:22] {
			x[i], x[i+16] = d*float32(fifth(q&15, high, i)-16), d*float32(fifth(q>>4, high, i+16)-16)
		}
	})
}

func unpackQ51(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 24, func(x []float32, b []byte) {
		d, m, high := half(b), half(b[2:]), binary.LittleEndian.Uint32(b[4:])
		for i, q := range b[8:24] {
			x[i] = float32(d*float32(fifth(q&15, high, i))) + m
			x[i+16] = float32(d*float32(fifth(q>>4, high, i+16))) + m
		}
	})
}

func unpackQ80(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 34, func(x []float32, b []byte) {
		d := half(b)
		for i, q := range b[2:34] {
			x[i] = float32(int8(q)) * d
		}
	})
}

// valuesIQ4NL are what the 4 bits of IQ4_NL stand for.
var valuesIQ4NL = [16]float32{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}

func unpackIQ4NL(dst []float32, src []byte) {
	eachBlock(dst, src, smallBlock, 18, func(x []float32, b []byte) {
		d := half(b)
		for i, q := range b[2:18] {
			x[i], x[i+16] = d*valuesIQ4NL[q&15], d*valuesIQ4NL[q>>4]
		}
	})
}

// inverse returns 1/d, or 0 for 0.
func inverse(d float32) float32 {
	if d == 0 {
		return 0
	}
	return 1 / d
}

// farthest returns the first of the elements of the largest magnitude.
func farthest(x []float32) float32 {
	var best float32
	for _, v := range x {
		if abs(v) > abs(best) {
			best = v
		}
	}
	return best
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// limits returns the smallest and the largest element.
func limits(x []float32) (low, high float32) {
	low, high = x[0], x[0]
	for _, v := range x[1:] {
		low, high = min(low, v), max(high, v)
	}
	return low, high
}

// nibbles writes 32 numbers of 4 bits.
func nibbles(dst []byte, q []uint8) {
	for i := range 16 {
		dst[i] = q[i]&15 | q[i+16]<<4
	}
}

// fifths writes the last of the 5 bits of 32 numbers.
func fifths(dst []byte, q []uint8) {
	var high uint32
	for i, v := range q[:smallBlock] {
		high |= uint32(v>>4&1) << i
	}
	binary.LittleEndian.PutUint32(dst, high)
}

// signedLevels quantises a block to d·(q − 2ⁿ⁻¹), where the farthest element gets q = 0, and returns d.
func signedLevels(q *[smallBlock]uint8, x []float32, bits int) (d float32) {
	middle := float32(int(1) << (bits - 1))
	d = farthest(x) / -middle
	id := inverse(d)
	for i, v := range x {
		q[i] = uint8(min(max(int(float32(v*id)+(middle+0.5)), 0), int(2*middle)-1))
	}
	return d
}

// shiftedLevels quantises a block to d·q + m, and returns d and m.
func shiftedLevels(q *[smallBlock]uint8, x []float32, bits int) (d, m float32) {
	low, high := limits(x)
	most := int(1)<<bits - 1
	d = (high - low) / float32(most)
	id := inverse(d)
	for i, v := range x {
		q[i] = uint8(min(max(int(float32((v-low)*id)+0.5), 0), most))
	}
	return d, low
}

func packQ40(dst []byte, src []float32) {
	eachBlock(src, dst, smallBlock, 18, func(x []float32, b []byte) {
		var q [smallBlock]uint8
		setHalf(b, signedLevels(&q, x, 4))
		nibbles(b[2:], q[:])
	})
}

func packQ41(dst []byte, src []float32) {
	eachBlock(src, dst, smallBlock, 20, func(x []float32, b []byte) {
		var q [smallBlock]uint8
		d, m := shiftedLevels(&q, x, 4)
		setHalf(b, d)
		setHalf(b[2:], m)
		nibbles(b[4:], q[:])
	})
}

func packQ50(dst []byte, src []float32) {
	eachBlock(src, dst, smallBlock, 22, func(x []float32, b []byte) {
		var q [smallBlock]uint8
		setHalf(b, signedLevels(&q, x, 5))
		fifths(b[2:], q[:])
		nibbles(b[6:], q[:])
	})
}

func packQ51(dst []byte, src []float32) {
	eachBlock(src, dst, smallBlock, 24, func(x []float32, b []byte) {
		var q [smallBlock]uint8
		d, m := shiftedLevels(&q, x, 5)
		setHalf(b, d)
		setHalf(b[2:], m)
		fifths(b[4:], q[:])
		nibbles(b[8:], q[:])
	})
}

func packQ80(dst []byte, src []float32) {
	eachBlock(src, dst, smallBlock, 34, func(x []float32, b []byte) {
		d := abs(farthest(x)) / 127
		id := inverse(d)
		setHalf(b, d)
		for i, v := range x {
			b[2+i] = byte(int8(awayFromZero(v * id)))
		}
	})
}

// awayFromZero rounds to the nearest integer, of two to that farther from zero.
func awayFromZero(v float32) int {
	magnitude := abs(v)
	whole := int(magnitude)
	if magnitude-float32(whole) >= 0.5 {
		whole++
	}
	if v < 0 {
		return -whole
	}
	return whole
}

// Package float16 converts numbers of 16 bits, as weights are stored in.
package float16

import "math"

// Half returns the value of an IEEE 754 binary16 number; every one has an exact float32.
func Half(bits uint16) float32 {
	sign := uint32(bits>>15) << 31
	exponent, fraction := uint32(bits>>10&0x1f), uint32(bits&0x3ff)
	switch exponent {
	case 0: // zero or subnormal: fraction·2⁻²⁴
		value := float32(fraction) * (1.0 / (1 << 24))
		return math.Float32frombits(math.Float32bits(value) | sign)
	case 0x1f: // infinity or not a number
		return math.Float32frombits(sign | 0xff<<23 | fraction<<13)
	}
	return math.Float32frombits(sign | (exponent+127-15)<<23 | fraction<<13)
}

// Brain returns the value of a bfloat16 number, which is a float32 without its last
// 16 bits.
func Brain(bits uint16) float32 { return math.Float32frombits(uint32(bits) << 16) }

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

// ToHalf returns the binary16 number nearest to v, the even one of two; what is too large becomes infinite.
func ToHalf(v float32) uint16 {
	bits := math.Float32bits(v)
	sign, magnitude := uint16(bits>>16&0x8000), bits&0x7fffffff
	switch {
	case magnitude > 0x7f800000: // not a number, which stays quiet and keeps its first bits
		return sign | 0x7e00 | uint16(magnitude>>13&0x3ff)
	case magnitude >= 0x47800000: // 65536 and more
		return sign | 0x7c00
	case magnitude < 0x33000000: // less than half of the smallest
		return sign
	case magnitude < 0x38800000: // subnormal: a multiple of 2⁻²⁴
		shift := 126 - magnitude>>23
		fraction := magnitude&0x7fffff | 0x800000
		return sign | uint16(roundEven(fraction, shift))
	}
	return sign | uint16(roundEven(magnitude-0x38000000, 13))
}

// roundEven returns bits / 2^shift, rounded to the nearest integer, the even one of two.
func roundEven(bits, shift uint32) uint32 {
	half := uint32(1) << (shift - 1)
	return (bits + half - 1 + bits>>shift&1) >> shift
}

// ToBrain returns the bfloat16 number nearest to v, the even one of two.
func ToBrain(v float32) uint16 {
	bits := math.Float32bits(v)
	if bits&0x7fffffff > 0x7f800000 { // not a number stays quiet
		return uint16(bits>>16) | 0x40
	}
	return uint16((bits + 0x7fff + bits>>16&1) >> 16)
}

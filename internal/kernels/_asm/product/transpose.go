package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// transpose turns the square matrix in the first registers, a row in each, and returns
// the registers that hold its columns in order.
func (s vectors) transpose() []VecPhysical {
	if s.masks {
		return transpose16()
	}
	return transpose8()
}

// transposeFours turns each 4 × 4 part of the rows in a: a[i+k] gets column k of the parts in
// rows i to i+3.
func transposeFours(a, b []VecPhysical) {
	for i := 0; i < len(a); i += 2 {
		VUNPCKLPS(a[i+1], a[i], b[i])
		VUNPCKHPS(a[i+1], a[i], b[i+1])
	}
	for i := 0; i < len(a); i += 4 {
		VUNPCKLPD(b[i+2], b[i], a[i])
		VUNPCKHPD(b[i+2], b[i], a[i+1])
		VUNPCKLPD(b[i+3], b[i+1], a[i+2])
		VUNPCKHPD(b[i+3], b[i+1], a[i+3])
	}
}

func transpose8() []VecPhysical {
	a, b := ymm[:8], ymm[8:]
	transposeFours(a, b)
	for k := range 4 {
		VPERM2F128(Imm(0x20), a[k+4], a[k], b[k])
		VPERM2F128(Imm(0x31), a[k+4], a[k], b[k+4])
	}
	return b
}

func transpose16() []VecPhysical {
	const evens, odds = 0x88, 0xdd
	a, b := zmm[:16], zmm[16:]
	transposeFours(a, b)
	for k := range 4 { // parts 0 and 2, and 1 and 3, of the first and last eight rows
		VSHUFF32X4(Imm(evens), a[k+4], a[k], b[k])
		VSHUFF32X4(Imm(odds), a[k+4], a[k], b[k+4])
		VSHUFF32X4(Imm(evens), a[k+12], a[k+8], b[k+8])
		VSHUFF32X4(Imm(odds), a[k+12], a[k+8], b[k+12])
	}
	for k := range 4 {
		VSHUFF32X4(Imm(evens), b[k+8], b[k], a[k])
		VSHUFF32X4(Imm(odds), b[k+8], b[k], a[k+8])
		VSHUFF32X4(Imm(evens), b[k+12], b[k+4], a[k+4])
		VSHUFF32X4(Imm(odds), b[k+12], b[k+4], a[k+12])
	}
	return a
}

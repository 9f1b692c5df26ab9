package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// exp2Terms are the coefficients of 2^r for |r| ≤ 1/2, from the constant on, with
// a relative error below 2.6e-9 (Remez).
var exp2Terms = []float64{
	1, 0.6931472420692444, 0.24022652208805084, 0.055503103882074356,
	0.009617692790925503, 0.0013406643411144614, 0.00015594677824992687,
}

// exp2 generates 2^x, for x that is not far above 0: with n the nearest whole
// number, it is 2ⁿ times a polynomial in x - n, which is exact.
type exp2 struct {
	level
	terms []Op
	least Op // the exponents below give 0
}

// newExp2 loads the constants.
func newExp2(l level) exp2 {
	c := newConstants(l)
	e := exp2{level: l}
	for _, t := range exp2Terms {
		e.terms = append(e.terms, c.of(t))
	}
	e.least = c.of(-126)
	if l.bytes == 64 {
		e.least = c.of(-200) // far enough for VSCALEFPS to give 0
	}
	return e
}

// compute replaces x with 2^x, using two more registers. NaN stays NaN and -Inf gives 0.
func (e exp2) compute(x, n, p VecPhysical) {
	const nearest = 8
	last := len(e.terms) - 1
	if e.bytes == 64 {
		VMAXPS(x, e.least.(Register), x) // this order keeps NaN
		VRNDSCALEPS(U8(nearest), x, n)
		VSUBPS(n, x, x)
		e.polynomial(x, p, last)
		VSCALEFPS(n, p, x)
		return
	}
	VROUNDPS(U8(nearest), x, n)
	VSUBPS(n, x, p)
	e.horner(p, last)
	_ = n
}

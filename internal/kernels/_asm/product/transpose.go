package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// transpose turns the square matrix in the first registers, a row in each,
// with the help of one register more. It returns the registers that then hold the columns, in order.
func (s vectors) transpose() []VecPhysical {
	n := s.size / 4
	t := transposition{rows: append([]VecPhysical(nil), s.registers[:n]...), spare: s.registers[n]}
	for i := 0; i < n; i += 2 {
		t.cross(i, i+1, three(VUNPCKLPS), three(VUNPCKHPS))
	}
	for i := 0; i < n; i += 4 { // now row i+k gets column k of the 4 × 4 parts of rows i to i+3
		t.cross(i, i+2, three(VUNPCKLPD), three(VUNPCKHPD))
		t.cross(i+1, i+3, three(VUNPCKLPD), three(VUNPCKHPD))
		t.rows[i+1], t.rows[i+2] = t.rows[i+2], t.rows[i+1]
	}
	low := func(j, i, to Op) { VPERM2F128(Imm(0x20), j, i, to) }
	high := func(j, i, to Op) { VPERM2F128(Imm(0x31), j, i, to) }
	if s.size == 64 {
		low = func(j, i, to Op) { VSHUFF32X4(Imm(0x88), j, i, to) }  // parts 0 and 2 of both
		high = func(j, i, to Op) { VSHUFF32X4(Imm(0xdd), j, i, to) } // parts 1 and 3
	}
	for half := 4; half < n; half *= 2 {
		for i := range n {
			if i&half == 0 {
				t.cross(i, i+half, low, high)
			}
		}
	}
	return t.rows
}

// transposition is a matrix in registers on its way.
type transposition struct {
	rows  []VecPhysical
	spare VecPhysical
}

// cross replaces rows i and j by the two combinations of them.
func (t *transposition) cross(i, j int, low, high func(j, i, to Op)) {
	low(t.rows[j], t.rows[i], t.spare)
	high(t.rows[j], t.rows[i], t.rows[j])
	t.rows[i], t.spare = t.spare, t.rows[i]
}

func three(instruction func(...Op)) func(j, i, to Op) {
	return func(j, i, to Op) { instruction(j, i, to) }
}

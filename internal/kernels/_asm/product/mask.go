package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// columnMasks sets mask registers to the first and the second sixteen of n
// columns, n < 256.
func columnMasks(n GPVirtual, first, second Register) {
	mask := GP64()
	MOVQ(I32(-1), mask)
	BZHIQ(n, mask, mask)
	KMOVW(mask.As32(), first)
	SHRQ(Imm(16), mask)
	KMOVW(mask.As32(), second)
}

// firstColumns returns the masks of the first and the second vector of n
// columns. There can be two sets, numbered 0 and 1; without mask registers they take the last
// vector registers.
func (s vectors) firstColumns(n GPVirtual, set int) []Op {
	if s.masks {
		masks := [][]Register{{K1, K2}, {K3, K4}}[set]
		columnMasks(n, masks[0], masks[1])
		return []Op{masks[0], masks[1]}
	}
	one, two := ymm[12+2*set], ymm[13+2*set]
	count, lanes := XMM(), laneNumbers()
	VMOVD(n.As32(), count)
	VPBROADCASTD(count, one)
	VPCMPGTD(lanes.Offset(32), one, two)
	VPCMPGTD(lanes, one, one)
	return []Op{one, two}
}

// loadMasked loads a vector of which only the lanes in mask are read.
func (s vectors) loadMasked(m Mem, mask Op, r Register) {
	if s.masks {
		VMOVUPS_Z(m, mask, r)
	} else {
		VMASKMOVPS(m, mask, r)
	}
}

// storeMasked stores the lanes of a vector that are in mask.
func (s vectors) storeMasked(r Register, mask Op, m Mem) {
	if s.masks {
		VMOVUPS(r, mask, m)
	} else {
		VMASKMOVPS(r, mask, m)
	}
}

var lanes *Mem

// laneNumbers addresses the numbers 0 to 15.
func laneNumbers() Mem {
	if lanes == nil {
		m := GLOBL("laneNumbers", RODATA|NOPTR)
		for i := range 16 {
			DATA(4*i, U32(i))
		}
		lanes = &m
	}
	return *lanes
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// unrolled holds the registers of a run of tiles of few rows. Beside so few multiply-adds a step, whatever counts, moves addresses or asks for lines takes a
// part of the ports that they need.
type unrolled struct {
	vectors
	a            rowPointers
	b, depth     GPVirtual
	line, next   GPVirtual
	nextRow      GPVirtual
	aStep, bStep Register
}

// loops generates loops over the steps that are left where they are a multiple of stepsAhead, for the distances between elements of A and of B that
// products and attention have: either the terms of a row of A lie side by side, or the rows of a term. For others it goes on behind them.
func (u unrolled) loops(label string, sum func(i, v int) VecPhysical) {
	const colsB, attention = 16, 64
	lanesA := u.vectors.rows
	TESTB(U8(stepsAhead-1), u.depth.As8())
	JNZ(LabelRef(label + "_others"))
	for i, steps := range [][2]int{{1, colsB}, {lanesA, colsB}, {1, attention}, {attention, attention}} {
		here, next := fmt.Sprintf("%s_by%d", label, i), fmt.Sprintf("%s_not%d", label, i)
		CMPQ(u.aStep, U32(4*steps[0]))
		JNE(LabelRef(next))
		CMPQ(u.bStep, U32(4*steps[1]))
		JNE(LabelRef(next))
		if steps[0] > 1 {
			CMPQ(u.a.ld, Imm(4))
			JNE(LabelRef(next))
		}
		TESTQ(u.next, u.next)
		JZ(LabelRef(here + "_alone"))
		Label(here)
		MOVQ(u.next, u.line)
		ADDQ(floats("nextStep"), u.next)
		Label(here + "_asking")
		u.steps(4*steps[0], 4*steps[1], true, label+"_add", sum)
		TESTB(U8(stepsAhead-1), u.depth.As8())
		JNZ(LabelRef(here + "_asking"))
		JMP(LabelRef(here))
		Label(here + "_alone")
		u.steps(4*steps[0], 4*steps[1], false, label+"_add", sum)
		JMP(LabelRef(here + "_alone"))
		Label(next)
	}
	Label(label + "_others")
}

// steps generates four steps, whose elements of A and of B lie some bytes apart, and jumps to end when those were the last. The processor foresees which lines
// of B they read.
func (u unrolled) steps(aStep, bStep int, asks bool, end string, sum func(i, v int) VecPhysical) {
	const steps = 4
	b, x := u.registers[2*u.vectors.rows:], u.registers[2*u.vectors.rows+2:]
	element := func(i, k int) Mem {
		if aStep > 4 {
			return Mem{Base: u.a.every[0], Disp: k*aStep + 4*i}
		}
		m := u.a.row(i)
		m.Disp = k * aStep
		return m
	}
	for k := range steps {
		for v := range 2 {
			VMOVUPS(Mem{Base: u.b, Disp: k*bStep + v*u.size}, b[v])
		}
		if line := (Mem{Base: u.line}); asks && k%2 == 0 {
			PREFETCHT1(line)
			line.Index, line.Scale = u.nextRow, 1
			PREFETCHT1(line)
			LEAQ(Mem{Base: u.line, Index: u.nextRow, Scale: 2}, u.line)
		}
		for i := range u.vectors.rows {
			VBROADCASTSS(element(i, k), x[i%2])
			for v := range 2 {
				VFMADD231PS(b[v], x[i%2], sum(i, v))
			}
		}
	}
	if aStep > 4 {
		ADDQ(U32(steps*aStep), u.a.every[0])
	} else {
		u.a.advance(U32(steps * aStep))
	}
	ADDQ(U32(steps*bStep), u.b)
	SUBQ(U8(steps), u.depth)
	JZ(LabelRef(end))
}

package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// copyPanels generates the packing of rows, in panels of one or two vectors:
// row by row through all panels, as every row may be on a page of its own.
func copyPanels(s vectors) {
	TEXT("copyPanels"+s.name, NOSPLIT, "func(dst, src []float32, depth, width, panel, lanes, stride, ld int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("copyPanels%s packs panels of %d or %d lanes, as productKernel.copy says.", s.name, s.size/4, s.size/2))
	c := panelCopy{vectors: s, dst: base("dst"), src: base("src"), depth: param("depth"), ld: floats("ld"),
		stride: floats("stride"), panel: param("panel"), full: GP64(), rest: GP64()}
	Load(Param("width"), RAX)
	XORL(EDX, EDX)
	DIVQ(c.panel)
	MOVQ(RAX, c.full)
	MOVQ(RDX, c.rest)
	c.fullMasks = s.firstColumns(c.panel, 0)
	c.restMasks = s.firstColumns(c.rest, 1)
	SHLQ(Imm(2), c.panel)
	lanes := param("lanes")
	CMPQ(lanes, U8(s.size/4))
	if s.masks {
		JE(LabelRef("one_row"))
	} else {
		c.lanes = lanes
		JLE(LabelRef("one_lanes"))
	}
	c.rows("two", 2)
	if !s.masks {
		Label("one_lanes")
		SHLQ(Imm(2), lanes)
	}
	c.rows("one", 1)
}

// panelCopy holds the registers of a copyPanels function.
type panelCopy struct {
	vectors
	dst, src, depth, ld  GPVirtual
	stride, panel        GPVirtual // bytes from a panel to the next, in dst and in src
	lanes                GPVirtual // bytes of a row of a panel that is written with one vector, where it may be less than that
	full, rest           GPVirtual // full panels, and columns of the last one
	fullMasks, restMasks []Op
}

// rows generates the loop over rows for panels of a number of vectors.
func (c panelCopy) rows(label string, across int) {
	const ahead = 4 // rows
	to, from, left := GP64(), GP64(), GP64()
	move := func(masks []Op) {
		for v := range across {
			disp := c.size * v
			if disp%64 == 0 {
				PREFETCHT0(Mem{Base: from, Disp: disp, Index: c.ld, Scale: ahead})
			}
			c.loadMasked(Mem{Base: from, Disp: disp}, masks[v], c.registers[v])
			VMOVUPS(c.registers[v], Mem{Base: to, Disp: disp})
		}
	}
	Label(label + "_row")
	MOVQ(c.dst, to)
	MOVQ(c.src, from)
	MOVQ(c.full, left)
	TESTQ(left, left)
	JZ(LabelRef(label + "_rest"))
	Label(label + "_panel")
	move(c.fullMasks)
	ADDQ(c.panel, from)
	ADDQ(c.stride, to)
	DECQ(left)
	JNZ(LabelRef(label + "_panel"))
	Label(label + "_rest")
	TESTQ(c.rest, c.rest)
	JZ(LabelRef(label + "_next"))
	move(c.restMasks)
	Label(label + "_next")
	ADDQ(c.ld, c.src)
	if across == 1 && c.lanes != nil {
		ADDQ(c.lanes, c.dst)
	} else {
		ADDQ(U8(c.size*across), c.dst)
	}
	DECQ(c.depth)
	JNZ(LabelRef(label + "_row"))
	VZEROUPPER()
	RET()
}

// turnPanel generates the packing of up to a vector of columns, a square of
// the vector's width at a time.
func turnPanel(s vectors) {
	most := s.size / 4
	TEXT("turnPanel"+s.name, NOSPLIT, "func(dst, src []float32, depth, width, lanes, ld int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("turnPanel%s packs 1 to %d columns of a panel, as productKernel.turn says.", s.name, most))
	dst, depth, width, lanes, ld := base("dst"), param("depth"), param("width"), floats("lanes"), floats("ld")
	columns := newRowPointers(base("src"), ld, most)
	load, store := numbered("load"), numbered("store")

	Label("block")
	some := GP64()
	MOVQ(U32(most), some)
	CMPQ(depth, some)
	CMOVQLT(depth, some)
	mask := s.firstColumns(some, 0)[0]
	choose(width, most, load)
	for i := most; i > 0; i-- {
		Label(load(i))
		m := columns.row(i - 1)
		s.loadMasked(m, mask, s.registers[i-1])
		m.Disp += 256
		PREFETCHT0(m)
	}
	rows := s.transpose()
	columns.advance(U8(s.size))
	CMPQ(depth, U8(most))
	JL(LabelRef("last"))
	for _, r := range rows {
		VMOVUPS(r, Mem{Base: dst})
		ADDQ(lanes, dst)
	}
	SUBQ(U8(most), depth)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()

	Label("last")
	if !s.masks { // from the first on, since a vector may reach over the row behind
		for i, r := range rows[:most-1] {
			VMOVUPS(r, Mem{Base: dst})
			if i+1 < most-1 {
				CMPQ(depth, U8(i+1))
				JE(LabelRef("end"))
				ADDQ(lanes, dst)
			}
		}
		Label("end")
		VZEROUPPER()
		RET()
		return
	}
	end := GP64()
	LEAQ(Mem{Base: depth, Disp: -1}, end)
	IMULQ(lanes, end)
	ADDQ(end, dst)
	choose(depth, most-1, store)
	for i := most - 1; i > 0; i-- {
		Label(store(i))
		VMOVUPS(rows[i-1], Mem{Base: dst})
		if i > 1 {
			SUBQ(lanes, dst)
		}
	}
	VZEROUPPER()
	RET()
}

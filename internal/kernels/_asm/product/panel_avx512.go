package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	copySignature = "func(dst, src []float32, depth, width, panel, lanes, stride, ld int)"
	turnSignature = "func(dst, src []float32, depth, width, lanes, ld int)"
)

// copyPanelsAVX512 generates the packing of rows, in panels of 16 or 32 lanes:
// row by row through all panels, as a row may be a page.
func copyPanelsAVX512() {
	TEXT("copyPanelsAVX512", NOSPLIT, copySignature)
	Pragma("noescape")
	Doc("copyPanelsAVX512 packs panels of 16 or 32 lanes, as productKernel.copy says.")
	dst, src, depth, ld := base("dst"), base("src"), param("depth"), floats("ld")
	panel, stride := param("panel"), floats("stride")
	fullPanels, rest := RAX, RDX
	Load(Param("width"), RAX)
	XORL(EDX, EDX)
	DIVQ(panel)
	full := GP64()
	MOVQ(fullPanels, full)
	columnMasks(panel)
	KMOVW(K1, K3)
	KMOVW(K2, K4)
	remaining := GP64()
	MOVQ(rest, remaining)
	columnMasks(remaining)
	SHLQ(Imm(2), panel)
	lanes := param("lanes")
	CMPQ(lanes, Imm(16))
	JE(LabelRef("one_row"))
	copyRows("two", 2, dst, src, depth, ld, panel, stride, full, remaining)
	copyRows("one", 1, dst, src, depth, ld, panel, stride, full, remaining)
}

// copyRows generates the loop over rows for panels of a number of vectors. K3
// and K4 are the masks of a full panel, K1 and K2 those of the last one.
func copyRows(label string, vectors int, dst, src, depth, ld, panel, stride, full, remaining GPVirtual) {
	const ahead = 4 // rows
	to, from, left := GP64(), GP64(), GP64()
	move := func(masks ...Op) {
		for v := range vectors {
			PREFETCHT0(Mem{Base: from, Disp: 64 * v, Index: ld, Scale: ahead})
			VMOVUPS_Z(Mem{Base: from, Disp: 64 * v}, masks[v], zmm[v])
			VMOVUPS(zmm[v], Mem{Base: to, Disp: 64 * v})
		}
	}
	Label(label + "_row")
	MOVQ(dst, to)
	MOVQ(src, from)
	MOVQ(full, left)
	TESTQ(left, left)
	JZ(LabelRef(label + "_rest"))
	Label(label + "_panel")
	move(K3, K4)
	ADDQ(panel, from)
	ADDQ(stride, to)
	DECQ(left)
	JNZ(LabelRef(label + "_panel"))
	Label(label + "_rest")
	TESTQ(remaining, remaining)
	JZ(LabelRef(label + "_next"))
	move(K1, K2)
	Label(label + "_next")
	ADDQ(ld, src)
	ADDQ(Imm(uint64(64*vectors)), dst)
	DECQ(depth)
	JNZ(LabelRef(label + "_row"))
	VZEROUPPER()
	RET()
}

// columnMasks sets K1 and K2 to the first and the second sixteen of n columns,
// n < 256.
func columnMasks(n GPVirtual) {
	mask := GP64()
	MOVQ(I32(-1), mask)
	BZHIQ(n, mask, mask)
	KMOVW(mask.As32(), K1)
	SHRQ(Imm(16), mask)
	KMOVW(mask.As32(), K2)
}

// turnPanelAVX512 generates the packing of up to sixteen columns, sixteen rows at
// a time.
func turnPanelAVX512() {
	TEXT("turnPanelAVX512", NOSPLIT, turnSignature)
	Pragma("noescape")
	Doc("turnPanelAVX512 packs 1 to 16 columns of a panel, as productKernel.turn says.")
	dst, depth, width, lanes, ld := base("dst"), param("depth"), param("width"), floats("lanes"), floats("ld")
	columns := newRowPointers(base("src"), ld, 16)
	load, store := numbered("load"), numbered("store")

	Label("block")
	some := GP64()
	MOVQ(U32(16), some)
	CMPQ(depth, some)
	CMOVQLT(depth, some)
	columnMasks(some)
	CMPQ(width, Imm(16))
	JE(LabelRef(load(16)))
	choose(width, 15, load)
	for i := 16; i > 0; i-- {
		Label(load(i))
		VMOVUPS_Z(columns.row(i-1), K1, zmm[i-1])
		PREFETCHT0(further(columns.row(i-1), 256))
	}
	rows := transpose16()
	columns.advance(Imm(64))
	CMPQ(depth, Imm(16))
	JL(LabelRef("last"))
	for _, r := range rows {
		VMOVUPS(r, Mem{Base: dst})
		ADDQ(lanes, dst)
	}
	SUBQ(Imm(16), depth)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()

	Label("last")
	end := GP64()
	LEAQ(Mem{Base: depth, Disp: -1}, end)
	IMULQ(lanes, end)
	ADDQ(end, dst)
	choose(depth, 15, store)
	for i := 15; i > 0; i-- {
		Label(store(i))
		VMOVUPS(rows[i-1], Mem{Base: dst})
		if i > 1 {
			SUBQ(lanes, dst)
		}
	}
	VZEROUPPER()
	RET()
}

// further addresses what lies a number of bytes behind m.
func further(m Mem, bytes int) Mem {
	m.Disp += bytes
	return m
}

// transpose16 turns the 16 × 16 matrix in Z0 to Z15, with the help of Z16 to
// Z31, and returns the registers that hold its columns in order.
func transpose16() []VecPhysical {
	a, b := zmm[:16], zmm[16:]
	for i := 0; i < 16; i += 2 { // pairs of rows
		VUNPCKLPS(a[i+1], a[i], b[i])
		VUNPCKHPS(a[i+1], a[i], b[i+1])
	}
	for i := 0; i < 16; i += 4 { // fours: a[i+k] has column k of each 128-bit part
		VUNPCKLPD(b[i+2], b[i], a[i])
		VUNPCKHPD(b[i+2], b[i], a[i+1])
		VUNPCKLPD(b[i+3], b[i+1], a[i+2])
		VUNPCKHPD(b[i+3], b[i+1], a[i+3])
	}
	const evens, odds = 0x88, 0xdd
	for k := range 4 { // parts 0 and 2, and 1 and 3, of the first and last eight rows
		VSHUFF32X4(Imm(evens), a[k+4], a[k], b[k])
		VSHUFF32X4(Imm(odds), a[k+4], a[k], b[k+4])
		VSHUFF32X4(Imm(evens), a[k+12], a[k+8], b[k+8])
		VSHUFF32X4(Imm(odds), a[k+12], a[k+8], b[k+12])
	}
	columns := make([]VecPhysical, 16)
	for k := range 4 {
		VSHUFF32X4(Imm(evens), b[k+8], b[k], a[k])
		VSHUFF32X4(Imm(odds), b[k+8], b[k], a[k+8])
		VSHUFF32X4(Imm(evens), b[k+12], b[k+4], a[k+4])
		VSHUFF32X4(Imm(odds), b[k+12], b[k+4], a[k+12])
		for part := range 4 {
			columns[4*part+k] = a[4*part+k]
		}
	}
	return columns
}

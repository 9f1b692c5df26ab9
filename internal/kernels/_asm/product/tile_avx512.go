package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const tileRowsAVX512 = 14

const tileSignature = "func(rows, cols, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool)"

// tileAVX512 generates the product of a tile of up to 14 × 32: a body for each
// number of rows, and for one or two vectors of columns. The sums stay in registers, of which the
// widest tile fills 28; each step loads a row of B and broadcasts a column of A.
func tileAVX512() {
	TEXT("tileAVX512", NOSPLIT, tileSignature)
	Pragma("noescape")
	Doc("tileAVX512 computes a tile of at most 14 rows and 32 columns, as productKernel.tile says.")
	rows, cols := param("rows"), param("cols")
	columnMasks(cols)
	wide, narrow := numbered("wide"), numbered("narrow")
	CMPQ(cols, Imm(16))
	JLE(LabelRef("one_vector"))
	choose(rows, tileRowsAVX512, wide)
	Label("one_vector")
	choose(rows, tileRowsAVX512, narrow)
	for n := tileRowsAVX512; n > 0; n-- {
		tileBodyAVX512(wide(n), n, 2)
		tileBodyAVX512(narrow(n), n, 1)
	}
}

// tileBodyAVX512 generates the body for a number of rows and vectors of columns.
func tileBodyAVX512(label string, rows, vectors int) {
	Label(label)
	masks := []Op{K1, K2}
	sum := func(i, v int) VecPhysical { return zmm[i*vectors+v] }
	row := []VecPhysical{Z28, Z29}

	a := newRowPointers(base("a"), floats("aRow"), rows)
	aStep, b, bStep, c, ldc := floats("aStep"), base("b"), floats("bStep"), base("c"), floats("ldc")
	depth := param("depth")
	to := GP64()
	MOVQ(c, to)
	for i := range rows {
		PREFETCHT0(Mem{Base: to})
		if vectors > 1 {
			PREFETCHT0(Mem{Base: to, Disp: 64})
		}
		if i+1 < rows {
			ADDQ(ldc, to)
		}
	}
	for i := range rows {
		for v := range vectors {
			VPXORD(sum(i, v), sum(i, v), sum(i, v))
		}
	}
	TESTQ(depth, depth)
	JZ(LabelRef(label + "_store"))

	Label(label + "_loop")
	for v := range vectors {
		PREFETCHT0(Mem{Base: b, Disp: 64 * v, Index: bStep, Scale: 8})
		VMOVUPS(Mem{Base: b, Disp: 64 * v}, row[v])
	}
	for i := range rows {
		if vectors == 1 {
			VFMADD231PS_BCST(a.row(i), row[0], sum(i, 0))
			continue
		}
		x := []VecPhysical{Z30, Z31}[i%2]
		VBROADCASTSS(a.row(i), x)
		for v := range vectors {
			VFMADD231PS(row[v], x, sum(i, v))
		}
	}
	a.advance(aStep)
	ADDQ(bStep, b)
	DECQ(depth)
	JNZ(LabelRef(label + "_loop"))

	Label(label + "_store")
	bias := base("bias")
	TESTQ(bias, bias)
	JZ(LabelRef(label + "_unbiased"))
	for v := range vectors {
		VMOVUPS_Z(Mem{Base: bias, Disp: 64 * v}, masks[v], row[v])
	}
	for i := range rows {
		for v := range vectors {
			VADDPS(row[v], sum(i, v), sum(i, v))
		}
	}
	Label(label + "_unbiased")
	accumulate := Load(Param("accumulate"), GP8())
	MOVQ(c, to)
	TESTB(accumulate, accumulate)
	JZ(LabelRef(label + "_write"))
	for i := range rows {
		for v := range vectors {
			VADDPS(Mem{Base: to, Disp: 64 * v}, sum(i, v), masks[v], sum(i, v))
		}
		if i+1 < rows {
			ADDQ(ldc, to)
		}
	}
	MOVQ(c, to)
	Label(label + "_write")
	for i := range rows {
		for v := range vectors {
			VMOVUPS(sum(i, v), masks[v], Mem{Base: to, Disp: 64 * v})
		}
		if i+1 < rows {
			ADDQ(ldc, to)
		}
	}
	VZEROUPPER()
	RET()
}

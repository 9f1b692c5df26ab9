package main

import (
	"fmt"
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// slimAcross is how many vectors of columns a slim tile has, so that B is read
// in long pieces.
const slimAcross = 8

// slim generates the product of few rows by the rows of B where they lie.
func slim(s vectors) {
	TEXT("slim"+s.name, NOSPLIT, "func(rows, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("slim%s computes 1 to %d rows and %d columns, as productKernel.slim says.", s.name, s.slimRows, slimAcross*s.size/4))
	rows := param("rows")
	bodies := numbered("rows")
	choose(rows, s.slimRows, bodies)
	for n := s.slimRows; n > 0; n-- {
		slimBody(s, bodies(n), n)
	}
}

func slimBody(s vectors, label string, rows int) {
	Label(label)
	sum := func(i, v int) VecPhysical { return s.registers[i*slimAcross+v] }
	x, y := s.registers[rows*slimAcross:], s.registers[rows*slimAcross+rows]
	at := func(base GPVirtual, v int) Mem { return Mem{Base: base, Disp: s.size * v} }

	a := newRowPointers(base("a"), floats("aRow"), rows)
	aStep, b, bStep, depth := floats("aStep"), base("b"), floats("bStep"), param("depth")
	ahead := GP64() // a few rows of B
	MOVQ(bStep, ahead)
	SHLQ(Imm(4), ahead)
	ADDQ(b, ahead)
	for i := range rows * slimAcross {
		VXORPS(s.registers[i], s.registers[i], s.registers[i])
	}
	TESTQ(depth, depth)
	JZ(LabelRef(label + "_add"))
	Label(label + "_step")
	for i := range rows {
		VBROADCASTSS(a.row(i), x[i])
	}
	for v := range slimAcross {
		if v*s.size%64 == 0 {
			PREFETCHT0(at(ahead, v))
		}
		if rows == 1 {
			VFMADD231PS(at(b, v), x[0], sum(0, v))
			continue
		}
		VMOVUPS(at(b, v), y)
		for i := range rows {
			VFMADD231PS(y, x[i], sum(i, v))
		}
	}
	a.advance(aStep)
	ADDQ(bStep, b)
	ADDQ(bStep, ahead)
	DECQ(depth)
	JNZ(LabelRef(label + "_step"))

	Label(label + "_add")
	writeSums(s, label, rows, slimAcross, sum)
}

// writeSums generates the end of a body: rows of sums, some vectors wide, go to C with what is added to them.
func writeSums(s vectors, label string, rows, across int, sum func(i, v int) VecPhysical) {
	at := func(base GPVirtual, v int) Mem { return Mem{Base: base, Disp: s.size * v} }
	bias, c, ldc := base("bias"), base("c"), floats("ldc")
	accumulate := Load(Param("accumulate"), GP8())
	for i := range rows {
		row := label + "_row" + strconv.Itoa(i)
		TESTQ(bias, bias)
		JZ(LabelRef(row))
		for v := range across {
			VADDPS(at(bias, v), sum(i, v), sum(i, v))
		}
		Label(row)
		TESTB(accumulate, accumulate)
		JZ(LabelRef(row + "_write"))
		for v := range across {
			VADDPS(at(c, v), sum(i, v), sum(i, v))
		}
		Label(row + "_write")
		for v := range across {
			VMOVUPS(sum(i, v), at(c, v))
		}
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

// slimTurned generates the product of few rows by columns of B that lie in
// rows of their own: squares of B are transposed in registers, so that the terms are added in
// the order in which all tiles add them.
func slimTurned(s vectors) {
	TEXT("slimTurned"+s.name, NOSPLIT, "func(rows, cols, depth int, a []float32, aRow int, b []float32, ldb int, c []float32, ldc int, bias []float32, accumulate bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("slimTurned%s computes 1 to %d rows and 1 to %d columns, as productKernel.slimTurned says.", s.name, slimTurnedRows, s.size/4))
	rows := param("rows")
	bodies := numbered("rows")
	choose(rows, slimTurnedRows, bodies)
	for n := slimTurnedRows; n > 0; n-- {
		slimTurnedBody(s, bodies(n), n)
	}
}

// slimTurnedRows is the most rows of a turned slim tile.
const slimTurnedRows = 4

func slimTurnedBody(s vectors, label string, rows int) {
	Label(label)
	square := s.size / 4
	sums := s.registers[len(s.registers)-rows-2:] // the last two can be masks
	a := newRowPointers(base("a"), floats("aRow"), rows)
	ldb, depth := floats("ldb"), param("depth")
	b := newRowPointers(base("b"), ldb, square)
	next := GP64() // from these columns to the next ones
	MOVQ(ldb, next)
	IMUL3Q(U8(square), next, next)
	for i := range rows {
		VXORPS(sums[i], sums[i], sums[i])
	}
	load := numbered(label + "_load")
	TESTQ(depth, depth)
	JZ(LabelRef(label + "_add"))

	Label(label + "_square")
	some := GP64()
	MOVQ(U32(square), some)
	CMPQ(depth, some)
	CMOVQLT(depth, some)
	mask := s.firstColumns(some, 1)[0]
	for i := 0; i < square; i += 3 {
		ahead := GP64()
		LEAQ(Mem{Base: b.every[i/3], Index: next, Scale: 1}, ahead)
		for j := range min(3, square-i) {
			m := b.row(i + j)
			m.Base = ahead
			PREFETCHT0(m)
		}
	}
	cols := param("cols")
	choose(cols, square, load)
	for i := square; i > 0; i-- {
		Label(load(i))
		s.loadMasked(b.row(i-1), mask, s.registers[i-1])
	}
	columns := s.transpose()
	x := s.registers[square+1]
	b.advance(U8(s.size))
	last := label + "_last"
	CMPQ(depth, U8(square))
	JL(LabelRef(last))
	step := func(k int) {
		for i := range rows {
			m := a.row(i)
			m.Disp = 4 * k
			if s.masks {
				VFMADD231PS_BCST(m, columns[k], sums[i])
				continue
			}
			VBROADCASTSS(m, x)
			VFMADD231PS(x, columns[k], sums[i])
		}
	}
	for k := range square {
		step(k)
	}
	a.advance(U8(s.size))
	SUBQ(U8(square), depth)
	JNZ(LabelRef(label + "_square"))
	JMP(LabelRef(label + "_add"))
	Label(last)
	for k := range square - 1 {
		step(k)
		CMPQ(depth, U8(k+1))
		JE(LabelRef(label + "_add"))
	}

	Label(label + "_add")
	width := param("cols")
	mask = s.firstColumns(width, 1)[0]
	bias, c, ldc := base("bias"), base("c"), floats("ldc")
	accumulate := Load(Param("accumulate"), GP8())
	y := s.registers[0]
	for i := range rows {
		row := label + "_row" + strconv.Itoa(i)
		TESTQ(bias, bias)
		JZ(LabelRef(row))
		s.loadMasked(Mem{Base: bias}, mask, y)
		VADDPS(y, sums[i], sums[i])
		Label(row)
		TESTB(accumulate, accumulate)
		JZ(LabelRef(row + "_write"))
		s.loadMasked(Mem{Base: c}, mask, y)
		VADDPS(y, sums[i], sums[i])
		Label(row + "_write")
		s.storeMasked(sums[i], mask, Mem{Base: c})
		ADDQ(ldc, c)
	}
	VZEROUPPER()
	RET()
}

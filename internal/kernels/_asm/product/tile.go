package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// tile generates the product of a tile of up to s.rows rows and two vectors of
// columns, with a body for each number of rows. The sums stay in registers; each step loads
// a row of B and broadcasts a column of A. With masks there is a second body for each number of
// rows, for tiles of up to one vector; without them a tile has all of its columns.
func tile(s vectors) {
	arguments := "rows, cols, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool, next []float32, nextRow, nextStep int"
	TEXT("tile"+s.name, NOSPLIT, "func("+arguments+")")
	Pragma("noescape")
	two, one := numbered("two"), numbered("one")
	rows := param("rows")
	if s.masks {
		Doc("tile" + s.name + " computes a tile as productKernel.tile says.")
		cols := param("cols")
		columnMasks(cols, K1, K2)
		CMPQ(cols, U8(s.size/4))
		JLE(LabelRef("one_vector"))
	} else {
		Doc("tile" + s.name + " computes a tile as productKernel.tile says, always of all columns.")
	}
	choose(rows, s.rows, two)
	if s.masks {
		Label("one_vector")
		choose(rows, s.rows, one)
	}
	for n := s.rows; n > 0; n-- {
		tileBody(s, two(n), n, 2, false)
		if s.masks {
			tileBody(s, one(n), n, 1, false)
		}
	}
}

// tilePacking generates the product of a full tile that packs the rows of B, which it loads anyway: the
// stores cost nothing beside the multiply-adds.
func tilePacking(s vectors) {
	arguments := "packed []float32, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool, next []float32, nextRow, nextStep int"
	TEXT("tilePacking"+s.name, NOSPLIT, "func("+arguments+")")
	Pragma("noescape")
	Doc("tilePacking" + s.name + " computes a full tile as productKernel.tilePacking says.")
	s.masks = false
	tileBody(s, "packing", s.rows, 2, true)
}

// tileBody generates the body for a number of rows and vectors of columns.
func tileBody(s vectors, label string, rows, across int, packing bool) {
	Label(label)
	masks := []Op{K1, K2}
	sum := func(i, v int) VecPhysical { return s.registers[i*across+v] }
	row, x := s.registers[2*s.rows:], s.registers[2*s.rows+2:]
	at := func(base GPVirtual, v int) Mem { return Mem{Base: base, Disp: s.size * v} }

	a := newRowPointers(base("a"), floats("aRow"), rows)
	aStep, b, bStep := floats("aStep"), base("b"), floats("bStep")
	depth, to := param("depth"), GP64()
	var packed GPVirtual
	if packing {
		packed = base("packed")
	}
	rowsOfC := func(each func(i int)) {
		ldc := floats("ldc")
		Load(Param("c").Base(), to)
		for i := range rows {
			each(i)
			if i+1 < rows {
				ADDQ(ldc, to)
			}
		}
	}
	lines := func(each func(disp int)) {
		for disp := 0; disp < across*s.size; disp += 64 {
			each(disp)
		}
	}

	rowsOfC(func(int) { lines(func(disp int) { PREFETCHT1(Mem{Base: to, Disp: disp}) }) })
	for i := range rows * across {
		VXORPS(s.registers[i], s.registers[i], s.registers[i])
	}
	TESTQ(depth, depth)
	JZ(LabelRef(label + "_add"))
	next := base("next")

	Label(label + "_step")
	lines(func(disp int) { PREFETCHT0(Mem{Base: b, Disp: disp, Index: bStep, Scale: 8}) })
	for v := range across {
		VMOVUPS(at(b, v), row[v])
		if packing {
			VMOVUPS(row[v], at(packed, v))
		}
	}
	if packing {
		ADDQ(U8(across*s.size), packed)
	}
	for i := range rows {
		if across == 1 {
			VFMADD231PS_BCST(a.row(i), row[0], sum(i, 0))
			continue
		}
		VBROADCASTSS(a.row(i), x[i%2])
		for v := range across {
			VFMADD231PS(row[v], x[i%2], sum(i, v))
		}
	}
	a.advance(aStep)
	ADDQ(bStep, b)
	DECQ(depth)
	JZ(LabelRef(label + "_add"))
	TESTB(U8(stepsAhead-1), depth.As8())
	JNZ(LabelRef(label + "_step"))
	TESTQ(next, next)
	JZ(LabelRef(label + "_step"))
	fetchAhead(next)
	JMP(LabelRef(label + "_step"))

	Label(label + "_add")
	bias := base("bias")
	TESTQ(bias, bias)
	JZ(LabelRef(label + "_unbiased"))
	for v := range across {
		if s.masks {
			VMOVUPS_Z(at(bias, v), masks[v], row[v])
		} else {
			VMOVUPS(at(bias, v), row[v])
		}
	}
	for i := range rows {
		for v := range across {
			VADDPS(row[v], sum(i, v), sum(i, v))
		}
	}
	Label(label + "_unbiased")
	accumulate := Load(Param("accumulate"), GP8())
	TESTB(accumulate, accumulate)
	JZ(LabelRef(label + "_write"))
	rowsOfC(func(i int) {
		for v := range across {
			if s.masks {
				VADDPS(at(to, v), sum(i, v), masks[v], sum(i, v))
			} else {
				VADDPS(at(to, v), sum(i, v), sum(i, v))
			}
		}
	})
	Label(label + "_write")
	rowsOfC(func(i int) {
		for v := range across {
			if s.masks {
				VMOVUPS(sum(i, v), masks[v], at(to, v))
			} else {
				VMOVUPS(sum(i, v), at(to, v))
			}
		}
	})
	VZEROUPPER()
	RET()
}

// stepsAhead is the number of steps after which a tile asks for as many lines of next.
const stepsAhead = 16

// fetchAhead asks the second cache for the lines at next, and moves next on to those of the next steps.
func fetchAhead(next GPVirtual) {
	row, line := floats("nextRow"), GP64()
	MOVQ(next, line)
	for i := range stepsAhead {
		m := Mem{Base: line}
		if i%3 > 0 {
			m.Index, m.Scale = row, uint8(i%3)
		}
		PREFETCHT1(m)
		if i%3 == 2 {
			LEAQ(Mem{Base: line, Index: row, Scale: 2}, line)
			ADDQ(row, line)
		}
	}
	ADDQ(floats("nextStep"), next)
}

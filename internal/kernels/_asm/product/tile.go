package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
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
	local := AllocLocal(8)
	for n := s.rows; n > 0; n-- {
		tileBody(s, two(n), n, 2, plain, local)
		if s.masks {
			tileBody(s, one(n), n, 1, plain, local)
		}
	}
}

// tilePacking generates the product of a full tile that packs the rows of B, which it loads anyway: the
// stores cost nothing beside the multiply-adds.
func tilePacking(s vectors) {
	arguments := "packed []float32, depth int, a []float32, aRow, aStep int, b []float32, bStep int, c []float32, ldc int, bias []float32, accumulate bool, add []float32, next []float32, nextRow, nextStep int"
	TEXT("tilePacking"+s.name, NOSPLIT, "func("+arguments+")")
	Pragma("noescape")
	Doc("tilePacking" + s.name + " computes a full tile as productKernel.tilePacking says.")
	s.masks = false
	tileBody(s, "packing", s.rows, 2, packing, Mem{})
}

// tileRun generates the products of full tiles one after the other, so that the first multiply-adds of one can begin beside the last
// of the one before.
func tileRun(s vectors) {
	arguments := "count, depth int, a []float32, aRow, aStep, aTile int, b []float32, bStep, bTile int, c []float32, ldc, cTile int, bias []float32, biasTile, write int, add []float32, next []float32, nextRow, nextStep int, later []float32, laterRow, laterStep, laterTile int"
	TEXT("tileRun"+s.name, NOSPLIT, "func("+arguments+")")
	Pragma("noescape")
	Doc("tileRun" + s.name + " computes full tiles as productKernel.tileRun says.")
	local := AllocLocal(16)
	s.masks = false
	tileBody(s, "run", s.rows, 2, run, local)
}

// kind says what a tile does beside its product.
type kind int

const (
	plain   kind = iota
	packing      // packs the rows of B
	run          // goes on with the next tile
)

// How a run writes C, as productKernel.tileRun has them.
const (
	writeAdding    = 1
	writeStreaming = 2
)

// tileBody generates the body for a number of rows and vectors of columns. Tiles that don't pack need 8 bytes of local
// memory, and runs 16.
func tileBody(s vectors, label string, rows, across int, does kind, local Mem) {
	Label(label)
	masks := []Op{K1, K2}
	sum := func(i, v int) VecPhysical { return s.registers[i*across+v] }
	row, x := s.registers[2*s.rows:], s.registers[2*s.rows+2:]
	at := func(base GPVirtual, v int) Mem { return Mem{Base: base, Disp: s.size * v} }

	a := newRowPointers(base("a"), floats("aRow"), rows)
	aStep, b, bStep := floats("aStep"), base("b"), floats("bStep")
	depth, to := param("depth"), GP64()
	var packed GPVirtual
	if does == packing {
		packed = base("packed")
	}
	// rowsOf moves register to over the rows of a matrix that lies like C.
	rowsOf := func(matrix string, each func(i int)) {
		ldc := floats("ldc")
		Load(Param(matrix).Base(), to)
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

	ask := func(int) { lines(func(disp int) { PREFETCHT1(Mem{Base: to, Disp: disp}) }) }

	if does == packing {
		rowsOf("c", ask)
		CMPQ(place(Param("add").Base()), Imm(0))
		JE(LabelRef(label + "_asked"))
		rowsOf("add", ask)
		Label(label + "_asked")
	}
	for i := range rows * across {
		VXORPS(s.registers[i], s.registers[i], s.registers[i])
	}
	TESTQ(depth, depth)
	JZ(LabelRef(label + "_add"))
	// Lines are asked for one by one: many at a time would keep those of A and B waiting. Without next, it is one that is there.
	line, next, nextRow := GP64(), base("next"), floats("nextRow")
	TESTQ(next, next)
	JNZ(LabelRef(label + "_begin"))
	XORL(nextRow.As32(), nextRow.As32())
	MOVQ(b, line)
	Label(label + "_begin")
	step := func() {
		lines(func(disp int) { PREFETCHT0(Mem{Base: b, Disp: disp, Index: bStep, Scale: 8}) })
		for v := range across {
			VMOVUPS(at(b, v), row[v])
			if does == packing {
				VMOVUPS(row[v], at(packed, v))
			}
		}
		if does == packing {
			ADDQ(U8(across*s.size), packed)
		}
		PREFETCHT1(Mem{Base: line})
		ADDQ(nextRow, line)
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
	}
	// steps generates a loop over the steps up to the next multiple of stepsAhead.
	steps := func(name string, more func()) {
		TESTQ(next, next)
		JZ(LabelRef(label + name))
		MOVQ(next, line)
		ADDQ(floats("nextStep"), next)
		Label(label + name)
		step()
		more()
		DECQ(depth)
		JZ(LabelRef(label + "_add"))
		TESTB(U8(stepsAhead-1), depth.As8())
		JNZ(LabelRef(label + name))
	}
	switch {
	case does == run && !s.wide(): // C has few lines
		CMPQ(place(Param("write")), Imm(writeStreaming))
		JE(LabelRef(label + "_asked"))
		rowsOf("c", ask)
		CMPQ(place(Param("add").Base()), Imm(0))
		JE(LabelRef(label + "_asked"))
		rowsOf("add", ask)
		Label(label + "_asked")
	case does != packing:
		distance, then := local, local.Offset(8)
		MOVQ(floats("ldc"), distance)
		Load(Param("c").Base(), to)
		if does == run { // then the lines of what is added; where C is streamed, none of it
			MOVQ(base("add"), then)
			CMPQ(place(Param("write")), Imm(writeStreaming))
			JNE(LabelRef(label + "_ask"))
			MOVQ(U32(0), distance)
			MOVQ(b, to)
			Label(label + "_ask")
		}
		steps("_first", func() {
			ask(0)
			ADDQ(distance, to)
		})
		if does == run {
			MOVQ(then, to)
			MOVQ(U32(0), then)
			TESTQ(to, to)
			JNZ(LabelRef(label + "_ask"))
		}
	}
	Label(label + "_steps")
	if does == run && !s.wide() {
		unrolled{s, a, b, depth, line, next, nextRow, aStep, bStep}.loops(label, sum)
	}
	steps("_step", func() {})
	JMP(LabelRef(label + "_steps"))

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
	plus := func(matrix string) {
		rowsOf(matrix, func(i int) {
			for v := range across {
				if s.masks {
					VADDPS(at(to, v), sum(i, v), masks[v], sum(i, v))
				} else {
					VADDPS(at(to, v), sum(i, v), sum(i, v))
				}
			}
		})
	}
	if does == run {
		CMPQ(place(Param("write")), Imm(writeAdding))
		JNE(LabelRef(label + "_beside"))
	} else {
		accumulate := Load(Param("accumulate"), GP8())
		TESTB(accumulate, accumulate)
		JZ(LabelRef(label + "_beside"))
	}
	plus("c")
	Label(label + "_beside")
	if does != plain {
		CMPQ(place(Param("add").Base()), Imm(0))
		JE(LabelRef(label + "_write"))
		plus("add")
		Label(label + "_write")
	}
	if does == run {
		CMPQ(place(Param("write")), Imm(writeStreaming))
		JNE(LabelRef(label + "_cached"))
		rowsOf("c", func(i int) {
			for v := range across {
				VMOVNTPS(sum(i, v), at(to, v))
			}
		})
		JMP(LabelRef(label + "_end"))
		Label(label + "_cached")
	}
	rowsOf("c", func(i int) {
		for v := range across {
			if s.masks {
				VMOVUPS(sum(i, v), masks[v], at(to, v))
			} else {
				VMOVUPS(sum(i, v), at(to, v))
			}
		}
	})
	if does == run {
		Label(label + "_end")
		DECQ(place(Param("count")))
		JZ(LabelRef(label + "_done"))
		nextTile(label)
		Label(label + "_done")
	}
	VZEROUPPER()
	RET()
}

// nextTile moves the arguments of a run on to those of the next tile, and jumps to its beginning.
func nextTile(label string) {
	for _, name := range []string{"a", "b", "c"} {
		ADDQ(floats(name+"Tile"), place(Param(name).Base()))
	}
	for _, maybe := range []struct{ name, distance string }{{"bias", "biasTile"}, {"add", "cTile"}} {
		there := place(Param(maybe.name).Base())
		CMPQ(there, Imm(0))
		JE(LabelRef(label + "_no_" + maybe.name))
		ADDQ(floats(maybe.distance), there)
		Label(label + "_no_" + maybe.name)
	}
	later, distance := base("later"), floats("laterTile")
	MOVQ(later, place(Param("next").Base()))
	for _, name := range []string{"Row", "Step"} {
		MOVQ(param("later"+name), place(Param("next"+name)))
	}
	TESTQ(later, later)
	JZ(LabelRef(label))
	ADDQ(distance, place(Param("later").Base()))
	JMP(LabelRef(label))
}

// place is where a parameter of the function lies, or a part of it, which may be written.
func place(p gotypes.Component) Mem {
	b, err := p.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// stepsAhead is the number of steps for which a tile asks for lines of next that lie nextRow apart.
const stepsAhead = 16

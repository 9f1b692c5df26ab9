package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

const (
	wideTerms   = 16 // terms of a step of a wide slim tile, a line of each column
	wideColumns = 8  // of a square of a wide slim tile, a lane each
	quarter     = 4  // terms that are turned at a time
	linesAhead  = 4
)

// slimWide generates slimTurned for a row or two and more columns than one square has, where the terms are whole lines. A sum waits for the one before it
// in each of its terms, so several of them have to be on their way at a time.
func slimWide(s vectors) {
	TEXT("slimWide"+s.name, NOSPLIT, "func(rows, depth int, a []float32, aRow int, b []float32, ldb int, c []float32, ldc int, bias []float32, accumulate bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("slimWide%s computes 1 row and %d columns or 2 rows and %d, as productKernel.slimTurned says, where depth is a multiple of %d and not 0.",
		s.name, 4*wideColumns, 2*wideColumns, wideTerms))
	rows := param("rows")
	bodies := numbered("rows")
	choose(rows, 2, bodies)
	slimWideBody(s, bodies(2), 2, 2)
	slimWideBody(s, bodies(1), 1, 4)
}

// wideSlim holds the registers of a wide slim tile: of columns in squares beside each other, of which each lane of a sum has one.
type wideSlim struct {
	vectors
	rows, squares     int
	a, aRow           GPVirtual
	b                 []GPVirtual // by square: its first column
	ld, ld3, ld5, ld7 GPVirtual   // from a column to the next, and those times over
	depth, ahead      GPVirtual
	next              GPVirtual // from these columns to the next ones
	to                GPVirtual
	label             string
}

// slimWideBody generates the body for a number of rows and of squares beside each other. Where columns lie so many bytes apart that all of
// them fall into a few sets of the first cache, a line is read from one square after the other, else a quarter of a line from all.
func slimWideBody(s vectors, label string, rows, squares int) {
	const lines = 2048 // bytes, which half of the sets hold
	Label(label)
	w := wideSlim{vectors: s, rows: rows, squares: squares, a: base("a"), ld: floats("ldb"), label: label}
	w.b = []GPVirtual{base("b")}
	if rows > 1 {
		w.aRow = floats("aRow")
	}
	for q := 1; q < squares; q++ {
		w.b = append(w.b, GP64())
		LEAQ(Mem{Base: w.b[q-1], Index: w.ld, Scale: wideColumns}, w.b[q])
	}
	w.ld3, w.ld5, w.ld7 = GP64(), GP64(), GP64()
	LEAQ(Mem{Base: w.ld, Index: w.ld, Scale: 2}, w.ld3)
	LEAQ(Mem{Base: w.ld, Index: w.ld, Scale: 4}, w.ld5)
	LEAQ(Mem{Base: w.ld3, Index: w.ld, Scale: 4}, w.ld7)
	for i := range rows {
		for q := range squares {
			VXORPS(w.sum(i, q), w.sum(i, q), w.sum(i, q))
		}
	}
	w.depth, w.ahead, w.next, w.to = param("depth"), GP64(), GP64(), GP64()
	MOVQ(U32(64*linesAhead), w.ahead)
	MOVQ(w.ld, w.next)
	SHLQ(U8(map[int]int{2: 4, 4: 5}[squares]), w.next)
	MOVQ(w.ld, w.to)
	SHLQ(U8(64-bits(lines)), w.to)
	TESTQ(w.to, w.to)
	JZ(LabelRef(label + "_one"))
	w.line("_line", func() {
		for k := 0; k < wideTerms; k += quarter {
			if rows == 1 {
				w.broadcast(0, k)
			}
			for q := range squares {
				if n := k/quarter*squares + q; n%(wideTerms/quarter) == 0 {
					w.ask(n / (wideTerms / quarter))
				}
				w.turned(q, k, rows > 1)
			}
		}
	})
	w.line("_one", func() {
		for q := range squares {
			w.ask(q)
			for k := 0; k < wideTerms; k += quarter {
				w.turned(q, k, true)
			}
		}
	})
	Label(label + "_write")
	writeSums(s, label, rows, squares, w.sum)
}

// bits returns the number of bits of a power of two but its last.
func bits(n int) (b int) {
	for ; n > 1; n /= 2 {
		b++
	}
	return b
}

// line generates the loop over lines.
func (w wideSlim) line(name string, body func()) {
	Label(w.label + name)
	CMPQ(w.depth, U8(wideTerms*linesAhead))
	JNE(LabelRef(w.label + name + "_ahead"))
	// behind the last lines come those of the columns after these
	last := floats("depth")
	MOVQ(w.next, w.ahead)
	SUBQ(last, w.ahead)
	ADDQ(U32(64*linesAhead), w.ahead)
	Label(w.label + name + "_ahead")
	body()
	for _, b := range w.b {
		ADDQ(U8(4*wideTerms), b)
	}
	ADDQ(U8(4*wideTerms), w.a)
	SUBQ(U8(wideTerms), w.depth)
	JNZ(LabelRef(w.label + name))
	JMP(LabelRef(w.label + "_write"))
}

func (w wideSlim) sum(i, q int) VecPhysical { return w.registers[quarter+1+quarter+i*w.squares+q] }

// x is the register that has term k of a quarter in all lanes.
func (w wideSlim) x(k int) VecPhysical { return w.registers[quarter+1+k] }

// column addresses column i of a square, from term k on.
func (w wideSlim) column(base Register, i, k int) Mem {
	m := Mem{Base: base, Disp: 4 * k}
	switch i {
	case 1, 2, 4:
		m.Index, m.Scale = w.ld, uint8(i)
	case 3:
		m.Index, m.Scale = w.ld3, 1
	case 5:
		m.Index, m.Scale = w.ld5, 1
	case 6:
		m.Index, m.Scale = w.ld3, 2
	case 7:
		m.Index, m.Scale = w.ld7, 1
	}
	return m
}

// ask asks for the lines of a square that are read some lines later.
func (w wideSlim) ask(q int) {
	LEAQ(Mem{Base: w.b[q], Index: w.ahead, Scale: 1}, w.to)
	for i := range wideColumns {
		PREFETCHT0(w.column(w.to, i, 0))
	}
}

// broadcast loads a quarter of a line of row i.
func (w wideSlim) broadcast(i, k int) {
	for j := range quarter {
		m := Mem{Base: w.a, Disp: 4 * (k + j)}
		if i > 0 {
			m.Index, m.Scale = w.aRow, 1
		}
		VBROADCASTSS(m, w.x(j))
	}
}

// turned generates the terms k to k+3 of a square: the halves of a vector have those of a column and of the fourth one after it, and are turned each by itself.
func (w wideSlim) turned(q, k int, broadcasts bool) {
	r := w.registers
	for i := range quarter {
		VMOVUPS(w.column(w.b[q], i, k), r[i].AsX())
		VINSERTF128(Imm(1), w.column(w.b[q], i+quarter, k), r[i], r[i])
	}
	spare := r[quarter]
	VUNPCKLPS(r[1], r[0], spare)
	VUNPCKHPS(r[1], r[0], r[1])
	VUNPCKLPS(r[3], r[2], r[0])
	VUNPCKHPS(r[3], r[2], r[3])
	VUNPCKLPD(r[0], spare, r[2])
	VUNPCKHPD(r[0], spare, spare)
	VUNPCKLPD(r[3], r[1], r[0])
	VUNPCKHPD(r[3], r[1], r[1])
	for i := range w.rows {
		if broadcasts {
			w.broadcast(i, k)
		}
		for j, column := range []VecPhysical{r[2], spare, r[0], r[1]} {
			VFMADD231PS(w.x(j), column, w.sum(i, q))
		}
	}
}

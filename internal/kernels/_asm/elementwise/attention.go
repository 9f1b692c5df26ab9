package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// panelRow is the size in bytes of a panel's row, attentionLanes of package kernels.
const panelRow = 4 * 64

// attention writes what is done to panels of scores.
func attention(l simd.Level) {
	panelSoftmax(l)
	panelGrad(l)
	panelHide(l)
	panelFinish(l)
	scaleRows(l)
	rowDots(l)
}

// parameter loads a parameter that is a whole number.
func parameter(name string) reg.Register { return loadInt(name, GP64()) }

// vectorsOf returns the operands of two vectors at base plus at.
func vectorsOf(l simd.Level, base, at reg.Register) [2]Mem {
	m := Mem{Base: base, Index: at, Scale: 1}
	return [2]Mem{m, m.Offset(4 * l.Lanes)}
}

// panelColumns repeats body for every two vectors of the parameter lanes of a
// panel's columns, which begin at the bytes in the register that body is given.
func panelColumns(l simd.Level, body func(at reg.Register)) {
	columns := simd.NewLabel("columns")
	at, end := GP64(), parameter("lanes")
	SHLQ(Imm(2), end)
	XORQ(at, at)
	Label(columns)
	body(at)
	ADDQ(Imm(uint64(8*l.Lanes)), at)
	CMPQ(at, end)
	JB(LabelRef(columns))
}

// panelRows repeats body for the rows of panels, with the addresses of each
// one's row.
func panelRows(rows reg.Register, panels []reg.Register, body func(row []reg.Register)) {
	next := simd.NewLabel("rows")
	left := GP64()
	MOVQ(rows, left)
	var row []reg.Register
	for _, p := range panels {
		r := GP64()
		MOVQ(p, r)
		row = append(row, r)
	}
	Label(next)
	body(row)
	for _, r := range row {
		ADDQ(U32(panelRow), r)
	}
	DECQ(left)
	JNZ(LabelRef(next))
}

func panelSoftmax(l simd.Level) {
	function(l, "panelSoftmax", "func(scores, m, l, decay []float32, rows, lanes int)", "is panelKernel.softmax.")
	scores, maxima, sums, decays, rows := simd.Base("scores"), simd.Base("m"), simd.Base("l"), simd.Base("decay"), parameter("rows")
	l.Hold(simd.PowerTerms...)
	panelColumns(l, func(at reg.Register) {
		var most, sum, decay [2]reg.VecVirtual
		m := vectorsOf(l, maxima, at)
		for v := range most {
			most[v] = l.Load(m[v], nil)
		}
		panelRows(rows, []reg.Register{scores}, func(row []reg.Register) {
			for v, s := range vectorsOf(l, row[0], at) {
				VMAXPS(s, most[v], most[v])
			}
		})
		for v := range most {
			decay[v], sum[v] = l.Load(m[v], nil), l.Zero()
			l.Store(most[v], m[v], nil)
			VSUBPS(most[v], decay[v], decay[v])
			decay[v] = l.Power(decay[v])
			l.Store(decay[v], vectorsOf(l, decays, at)[v], nil)
		}
		panelRows(rows, []reg.Register{scores}, func(row []reg.Register) {
			for v, s := range vectorsOf(l, row[0], at) {
				x := l.Load(s, nil)
				VSUBPS(most[v], x, x)
				x = l.Power(x)
				l.Store(x, s, nil)
				VADDPS(x, sum[v], sum[v])
			}
		})
		for v, s := range vectorsOf(l, sums, at) {
			VFMADD231PS(s, decay[v], sum[v])
			l.Store(sum[v], s, nil)
		}
	})
	end()
}

func panelGrad(l simd.Level) {
	function(l, "panelGrad", "func(scores, dp, lse, dot []float32, rows, lanes int)", "is panelKernel.grad.")
	scores, grads, rows := simd.Base("scores"), simd.Base("dp"), parameter("rows")
	lse, dot := simd.Base("lse"), simd.Base("dot")
	l.Hold(simd.PowerTerms...)
	panelColumns(l, func(at reg.Register) {
		var shift, dots [2]reg.VecVirtual
		for v := range shift {
			shift[v], dots[v] = l.Load(vectorsOf(l, lse, at)[v], nil), l.Load(vectorsOf(l, dot, at)[v], nil)
		}
		panelRows(rows, []reg.Register{scores, grads}, func(row []reg.Register) {
			for v, s := range vectorsOf(l, row[0], at) {
				x := l.Load(s, nil)
				VSUBPS(shift[v], x, x)
				x = l.Power(x)
				l.Store(x, s, nil)
				g := vectorsOf(l, row[1], at)[v]
				d := l.Load(g, nil)
				VSUBPS(dots[v], d, d)
				VMULPS(x, d, d)
				l.Store(d, g, nil)
			}
		})
	})
	end()
}

// panelPart is that of package kernels.
const panelPart = 32

// panelHide compares the numbers of the columns with bounds that move up by
// one from row to row.
func panelHide(l simd.Level) {
	function(l, "panelHide", "func(scores []float32, rows, from, to int)", "is panelKernel.hide.")
	scores, rows, from, to := simd.Base("scores"), parameter("rows"), parameter("from"), parameter("to")
	DECQ(to)
	low, high := broadcastInt(l, from), broadcastInt(l, to)
	one, hidden := l.Load(simd.Bits(1), nil), l.Load(simd.Bits(0xff800000), nil) // -Inf
	var numbers [16]uint32
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	columns := []reg.VecVirtual{l.Load(simd.Table("numbers", numbers), nil)}
	for i := l.Lanes; i < panelPart; i += l.Lanes {
		next := l.Reg()
		VPADDD(simd.Bits(uint32(l.Lanes)), columns[len(columns)-1], next)
		columns = append(columns, next)
	}
	panelRows(rows, []reg.Register{scores}, func(row []reg.Register) {
		for i, c := range columns {
			to := Mem{Base: row[0], Disp: 4 * l.Lanes * i}
			if l.Wide() {
				below, above := K(), K()
				VPCMPGTD(c, low, below)
				VPCMPGTD(high, c, above)
				KORW(below, above, below)
				l.Store(hidden, to, below)
				continue
			}
			below, above := l.Reg(), l.Reg()
			VPCMPGTD(c, low, below)
			VPCMPGTD(high, c, above)
			VPOR(below, above, below)
			l.Store(hidden, to, below)
		}
		VPADDD(one, low, low)
		VPADDD(one, high, high)
	})
	end()
}

func panelFinish(l simd.Level) {
	function(l, "panelFinish", "func(lse, inverse, m, l []float32)", "is panelKernel.finish.")
	lses, inverses, maxima, sums := simd.Base("lse"), simd.Base("inverse"), simd.Base("m"), simd.Base("l")
	l.Each(simd.Len("lse"), func(c simd.Cursor) {
		sum := l.Load(c.In(sums), c.Mask)
		lse := l.Log(sum)
		VFMADD231PS(simd.Const(math.Ln2), l.Load(c.In(maxima), c.Mask), lse)
		inverse := l.Load(simd.Const(1), nil)
		VDIVPS(sum, inverse, inverse)
		some := l.Greater(sum, l.Zero())
		nothing := l.Copy(sum) // 0, or NaN
		none := l.Load(simd.Const(math.Inf(-1)), nil)
		VADDPS(sum, none, none)
		l.Where(some, inverse, nothing)
		l.Where(some, lse, none)
		l.Store(nothing, c.In(inverses), c.Mask)
		l.Store(none, c.In(lses), c.Mask)
	})
	end()
}

func scaleRows(l simd.Level) {
	function(l, "scaleRows", "func(dst, x, s []float32, rows, cols, ldd, ldx int, past bool)", "is panelKernel.scale.")
	dst, x, s, rows, cols := simd.Base("dst"), simd.Base("x"), simd.Base("s"), parameter("rows"), parameter("cols")
	ldd, ldx := parameter("ldd"), parameter("ldx")
	at, factor := GP64(), l.Reg()
	loop := func(store simd.Writer) {
		next := simd.NewLabel("rows")
		columns := simd.NewLabel("columns")
		Label(next)
		VBROADCASTSS(Mem{Base: s}, factor)
		XORQ(at, at)
		Label(columns)
		for i := 0; i < 16; i += l.Lanes {
			v := l.Reg()
			VMULPS(Mem{Base: x, Index: at, Scale: 4, Disp: 4 * i}, factor, v)
			store(v, Mem{Base: dst, Index: at, Scale: 4, Disp: 4 * i}, nil)
		}
		ADDQ(Imm(16), at)
		CMPQ(at, cols)
		JB(LabelRef(columns))
		LEAQ(Mem{Base: dst, Index: ldd, Scale: 4}, dst)
		LEAQ(Mem{Base: x, Index: ldx, Scale: 4}, x)
		ADDQ(Imm(4), s)
		DECQ(rows)
		JNZ(LabelRef(next))
	}
	l.Past(loop)
	end()
}

func rowDots(l simd.Level) {
	function(l, "rowDots", "func(dots, x, y []float32, rows, cols, ldx, ldy int)", "is panelKernel.dots.")
	dots, x, y, rows, cols := simd.Base("dots"), simd.Base("x"), simd.Base("y"), parameter("rows"), parameter("cols")
	ldx, ldy := parameter("ldx"), parameter("ldy")
	ahead := GP64() // keys in a cache lie too far apart for the processor to foresee them
	MOVQ(ldx, ahead)
	SHLQ(Imm(5), ahead)
	next := simd.NewLabel("rows")
	columns := simd.NewLabel("columns")
	at := GP64()
	sums := make([]reg.VecVirtual, 16/l.Lanes)
	for i := range sums {
		sums[i] = l.Reg()
	}
	Label(next)
	for _, sum := range sums {
		VXORPS(sum, sum, sum)
	}
	XORQ(at, at)
	Label(columns)
	near := Mem{Base: x, Index: at, Scale: 4}
	further := GP64()
	LEAQ(near, further)
	PREFETCHT0(Mem{Base: further, Index: ahead, Scale: 1})
	for i, sum := range sums {
		v := l.Load(Mem{Base: x, Index: at, Scale: 4, Disp: 4 * l.Lanes * i}, nil)
		VFMADD231PS(Mem{Base: y, Index: at, Scale: 4, Disp: 4 * l.Lanes * i}, v, sum)
	}
	ADDQ(Imm(16), at)
	CMPQ(at, cols)
	JB(LabelRef(columns))
	VMOVSS(l.Fold(sums, VADDPS), Mem{Base: dots})
	LEAQ(Mem{Base: x, Index: ldx, Scale: 4}, x)
	LEAQ(Mem{Base: y, Index: ldy, Scale: 4}, y)
	ADDQ(Imm(4), dots)
	DECQ(rows)
	JNZ(LabelRef(next))
	end()
}

package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// panelLanes is attentionLanes of package kernels.
const panelLanes = 32

// attention generates what attention does to panels of scores, for each level.
func attention() {
	for _, l := range levels {
		panelSoftmax(l)
		panelGrad(l)
		panelHide(l)
		scaleRows(l)
		copyRows(l)
	}
}

// panelColumns runs body for every two vectors of a panel's columns: with the
// bytes from the start of a row to them in the register at. The panel's other
// arrays, of one row, are found at the same place.
func panelColumns(l level, body func(at GPVirtual)) {
	at := GP64()
	XORQ(at, at)
	Label("columns")
	body(at)
	ADDQ(U8(2*l.bytes), at)
	CMPQ(at, U32(4*panelLanes))
	JB(LabelRef("columns"))
}

func panelSoftmax(l level) {
	TEXT("panelSoftmax"+l.name, NOSPLIT, "func(scores, m, l, decay []float32, rows int)")
	Pragma("noescape")
	Doc("panelSoftmax" + l.name + " is panelKernel.softmax.")
	scores, m, sums, decay, rows := base("scores"), base("m"), base("l"), base("decay"), param("rows")
	e := newExp2(l)
	most, sum, x := l.regs[0:2], l.regs[2:4], l.regs[4:6]
	spare := l.regs[6:10]
	panelColumns(l, func(at GPVirtual) {
		vector := func(base Register, v int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: v * l.bytes} }
		row, left := GP64(), GP64()
		for v := range most {
			VMOVUPS(vector(m, v), most[v])
		}
		each := func(label string, body func(v int)) {
			MOVQ(scores, row)
			MOVQ(rows, left)
			Label(label)
			for v := range most {
				body(v)
			}
			ADDQ(U32(4*panelLanes), row)
			DECQ(left)
			JNZ(LabelRef(label))
		}
		each("maxima", func(v int) { VMAXPS(vector(row, v), most[v], most[v]) })
		for v := range most {
			VMOVUPS(vector(m, v), x[v])
			VMOVUPS(most[v], vector(m, v))
			VSUBPS(most[v], x[v], x[v])
			e.compute(x[v], spare[2*v], spare[2*v+1])
			VMOVUPS(x[v], vector(decay, v))
			l.zero(sum[v])
		}
		each("exponentials", func(v int) {
			VMOVUPS(vector(row, v), x[v])
			VSUBPS(most[v], x[v], x[v])
			e.compute(x[v], spare[2*v], spare[2*v+1])
			VMOVUPS(x[v], vector(row, v))
			VADDPS(x[v], sum[v], sum[v])
		})
		for v := range most {
			VMOVUPS(vector(sums, v), x[v])
			VFMADD132PS(vector(decay, v), sum[v], x[v])
			VMOVUPS(x[v], vector(sums, v))
		}
	})
	VZEROUPPER()
	RET()
}

func panelGrad(l level) {
	TEXT("panelGrad"+l.name, NOSPLIT, "func(scores, dp, lse, dot []float32, rows int)")
	Pragma("noescape")
	Doc("panelGrad" + l.name + " is panelKernel.grad.")
	scores, dp, lse, dot, rows := base("scores"), base("dp"), base("lse"), base("dot"), param("rows")
	e := newExp2(l)
	minus, dots, x := l.regs[0:2], l.regs[2:4], l.regs[4:6]
	spare := l.regs[6:10]
	panelColumns(l, func(at GPVirtual) {
		vector := func(base Register, v int) Mem { return Mem{Base: base, Index: at, Scale: 1, Disp: v * l.bytes} }
		p, g, left := GP64(), GP64(), GP64()
		for v := range minus {
			VMOVUPS(vector(lse, v), minus[v])
			VMOVUPS(vector(dot, v), dots[v])
		}
		MOVQ(scores, p)
		MOVQ(dp, g)
		MOVQ(rows, left)
		Label("rows")
		for v := range minus {
			VMOVUPS(vector(p, v), x[v])
			VSUBPS(minus[v], x[v], x[v])
			e.compute(x[v], spare[2*v], spare[2*v+1])
			VMOVUPS(x[v], vector(p, v))
			VMOVUPS(vector(g, v), spare[2*v])
			VSUBPS(dots[v], spare[2*v], spare[2*v])
			VMULPS(spare[2*v], x[v], x[v])
			VMOVUPS(x[v], vector(g, v))
		}
		ADDQ(U32(4*panelLanes), p)
		ADDQ(U32(4*panelLanes), g)
		DECQ(left)
		JNZ(LabelRef("rows"))
	})
	VZEROUPPER()
	RET()
}

// panelHide compares the numbers of the columns with the bounds, which move
// up by one from row to row.
func panelHide(l level) {
	TEXT("panelHide"+l.name, NOSPLIT, "func(scores []float32, rows, from, to int)")
	Pragma("noescape")
	Doc("panelHide" + l.name + " is panelKernel.hide.")
	scores, rows, from, to := base("scores"), param("rows"), param("from"), param("to")
	DECQ(to)
	low, high, one, hidden := l.regs[0], l.regs[1], l.regs[2], l.regs[3]
	l.broadcastInt(from, low)
	l.broadcastInt(to, high)
	l.load("one", repeated(1), one)
	l.load("hidden", repeated(0xff800000), hidden) // -Inf
	vectors := 4 * panelLanes / l.bytes
	columns := l.regs[4 : 4+vectors]
	numbers := make([]uint32, panelLanes)
	for i := range numbers {
		numbers[i] = uint32(i)
	}
	data := table("columns", numbers)
	for v, r := range columns {
		VMOVUPS(data.Offset(v*l.bytes), r)
	}
	Label("rows")
	for v, r := range columns {
		to := Mem{Base: scores, Disp: v * l.bytes}
		if l.bytes == 64 {
			VPCMPGTD(r, low, K1)
			VPCMPGTD(high, r, K2)
			KORW(K1, K2, K1)
			VMOVUPS(hidden, K1, to)
			continue
		}
		mask, other := l.regs[14], l.regs[15]
		VPCMPGTD(r, low, mask)
		VPCMPGTD(high, r, other)
		VPOR(mask, other, mask)
		VMASKMOVPS(hidden, mask, to)
	}
	for _, r := range []VecPhysical{low, high} {
		VPADDD(one, r, r)
	}
	ADDQ(U32(4*panelLanes), scores)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

func scaleRows(l level) {
	TEXT("scaleRows"+l.name, NOSPLIT, "func(x, s []float32, rows, cols int)")
	Pragma("noescape")
	Doc("scaleRows" + l.name + " is panelKernel.scale.")
	x, s, rows, cols := base("x"), base("s"), param("rows"), param("cols")
	left := GP64()
	Label("rows")
	VBROADCASTSS(Mem{Base: s}, l.regs[0])
	MOVQ(cols, left)
	Label("columns")
	for v := range 64 / l.bytes {
		at := Mem{Base: x, Disp: v * l.bytes}
		VMULPS(at, l.regs[0], l.regs[1+v])
		VMOVUPS(l.regs[1+v], at)
	}
	ADDQ(U8(64), x)
	SUBQ(U8(16), left)
	JNZ(LabelRef("columns"))
	ADDQ(U8(4), s)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

func copyRows(l level) {
	TEXT("copyRows"+l.name, NOSPLIT, "func(dst, src []float32, rows, cols, ld int)")
	Pragma("noescape")
	Doc("copyRows" + l.name + " is panelKernel.copy.")
	dst, src, rows, cols, ld := base("dst"), base("src"), param("rows"), floats("cols"), floats("ld")
	at := GP64()
	Label("rows")
	XORQ(at, at)
	Label("columns")
	for v := range 64 / l.bytes {
		VMOVUPS(Mem{Base: src, Index: at, Scale: 1, Disp: v * l.bytes}, l.regs[v])
		VMOVUPS(l.regs[v], Mem{Base: dst, Index: at, Scale: 1, Disp: v * l.bytes})
	}
	ADDQ(U8(64), at)
	CMPQ(at, cols)
	JB(LabelRef("columns"))
	ADDQ(cols, dst)
	ADDQ(ld, src)
	DECQ(rows)
	JNZ(LabelRef("rows"))
	VZEROUPPER()
	RET()
}

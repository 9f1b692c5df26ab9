package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// norm writes the parts of layer norm and RMS norm that go over one row. In all
// of them h = (x - mean)·rstd.
func norm(l simd.Level) {
	layerNorm(l)
	normRow(l)
	normSums(l)
	normGrad(l)
}

// ifPresent emits body behind a test that the optional slice at base is not nil.
func ifPresent(base reg.Register, body func()) {
	skip := simd.NewLabel("skip")
	TESTQ(base, base)
	JZ(LabelRef(skip))
	body()
	Label(skip)
}

// layerNorm goes over each row three times, the scalars between in float64.
func layerNorm(l simd.Level) {
	function(l, "layerNorm", "func(y, mean, rstd, x, w, b []float32, rows, cols int, eps float64, past bool)",
		"is kernels.LayerNorm; w and b may be nil.")
	y, x, w, b := simd.Base("y"), simd.Base("x"), simd.Base("w"), simd.Base("b")
	means, rstds := simd.Base("mean"), simd.Base("rstd")
	rows, n := Load(Param("rows"), GP64()), Load(Param("cols"), GP64())
	loop, done := simd.NewLabel("row"), simd.NewLabel("done")
	Label(loop)
	SUBQ(Imm(1), rows)
	JL(LabelRef(done))

	count, total := XMM(), XMM()
	VCVTSI2SDQ(n, count, count)
	// each stores the scalar at the place of a row and spreads it over a register.
	each := func(scalar reg.VecVirtual, base reg.Register) reg.VecVirtual {
		VCVTSD2SS(scalar, scalar, scalar)
		VMOVSS(scalar, Mem{Base: base})
		ADDQ(Imm(4), base)
		v := l.Reg()
		VBROADCASTSS(scalar, v)
		return v
	}

	acc := l.Accumulators()
	l.EachGroup(n, func(c simd.Cursor) {
		VADDPS(l.Load(c.In(x), c.Mask), acc[c.Part], acc[c.Part])
	})
	VCVTSS2SD(l.Fold(acc, VADDPS), total, total)
	VDIVSD(count, total, total)
	mean := each(total, means)

	acc = l.Accumulators()
	l.EachGroup(n, func(c simd.Cursor) {
		v := l.Load(c.In(x), c.Mask)
		VSUBPS(mean, v, v)
		l.Keep(v, c.Mask)
		VFMADD231PS(v, v, acc[c.Part])
	})
	VCVTSS2SD(l.Fold(acc, VADDPS), total, total)
	VDIVSD(count, total, total)
	one, bits := XMM(), GP64()
	VADDSD(simd.Address(Param("eps")), total, total)
	VSQRTSD(total, total, total)
	MOVQ(U64(math.Float64bits(1)), bits)
	VMOVQ(bits, one)
	VDIVSD(total, one, one)
	rstd := each(one, rstds)

	l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
		h := standardized(l, c, x, mean, rstd)
		ifPresent(w, func() { VMULPS(l.Load(c.In(w), c.Mask), h, h) })
		ifPresent(b, func() { VADDPS(l.Load(c.In(b), c.Mask), h, h) })
		store(h, c.In(y), c.Mask)
	})
	LEAQ(Mem{Base: x, Index: n, Scale: 4}, x)
	LEAQ(Mem{Base: y, Index: n, Scale: 4}, y)
	JMP(LabelRef(loop))
	Label(done)
	end()
}

// standardized loads h.
func standardized(l simd.Level, c simd.Cursor, x reg.Register, mean, rstd reg.VecVirtual) reg.VecVirtual {
	h := l.Load(c.In(x), c.Mask)
	VSUBPS(mean, h, h)
	VMULPS(rstd, h, h)
	return h
}

// weigh multiplies v by w + offset if w is not nil.
func weigh(l simd.Level, c simd.Cursor, w reg.Register, offset, v reg.VecVirtual) {
	ifPresent(w, func() {
		weight := l.Load(c.In(w), c.Mask)
		VADDPS(offset, weight, weight)
		VMULPS(weight, v, v)
	})
}

func normRow(l simd.Level) {
	function(l, "normRow", "func(y, x, w []float32, rstd, offset float32, past bool)", "computes y = x·rstd·(w + offset), past the caches if asked to; w may be nil.")
	y, x, w, n := simd.Base("y"), simd.Base("x"), simd.Base("w"), simd.Len("y")
	rstd, offset := l.Broadcast("rstd"), l.Broadcast("offset")
	l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
		v := l.Load(c.In(x), c.Mask)
		VMULPS(rstd, v, v)
		weigh(l, c, w, offset, v)
		store(v, c.In(y), c.Mask)
	})
	end()
}

func normSums(l simd.Level) {
	function(l, "normSums", "func(dw, db, dy, x, w []float32, mean, rstd, offset float32) (sum, sumH float32)",
		"adds dy·h to dw and dy to db, and with g = dy·(w + offset) returns the sums of g and g·h; dw, db and w may be nil.")
	dw, db, dy, x, w, n := simd.Base("dw"), simd.Base("db"), simd.Base("dy"), simd.Base("x"), simd.Base("w"), simd.Len("x")
	mean, rstd, offset := l.Broadcast("mean"), l.Broadcast("rstd"), l.Broadcast("offset")
	sum, sumH := l.Accumulators(), l.Accumulators()
	l.EachGroup(n, func(c simd.Cursor) {
		h := standardized(l, c, x, mean, rstd)
		g := l.Load(c.In(dy), c.Mask)
		ifPresent(db, func() {
			t := l.Load(c.In(db), c.Mask)
			VADDPS(g, t, t)
			l.Store(t, c.In(db), c.Mask)
		})
		ifPresent(dw, func() {
			t := l.Load(c.In(dw), c.Mask)
			VFMADD231PS(g, h, t)
			l.Store(t, c.In(dw), c.Mask)
		})
		weigh(l, c, w, offset, g)
		VADDPS(g, sum[c.Part], sum[c.Part])
		VFMADD231PS(g, h, sumH[c.Part])
	})
	returnSum(l, sum, "sum")
	returnSum(l, sumH, "sumH")
	end()
}

func normGrad(l simd.Level) {
	function(l, "normGrad", "func(dx, dy, x, w []float32, mean, rstd, offset, meanG, meanGH float32, accumulate, past bool)",
		"computes dx = rstd·(g - meanG - h·meanGH) with g = dy·(w + offset), or adds it to dx, past the caches if asked to; w may be nil.")
	dx, dy, x, w, n := simd.Base("dx"), simd.Base("dy"), simd.Base("x"), simd.Base("w"), simd.Len("dx")
	mean, rstd, offset := l.Broadcast("mean"), l.Broadcast("rstd"), l.Broadcast("offset")
	meanG, meanGH := l.Broadcast("meanG"), l.Broadcast("meanGH")
	accumulate := GP64()
	MOVBQZX(loadBool("accumulate"), accumulate)
	l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
		h := standardized(l, c, x, mean, rstd)
		g := l.Load(c.In(dy), c.Mask)
		weigh(l, c, w, offset, g)
		VSUBPS(meanG, g, g)
		VFNMADD231PS(meanGH, h, g)
		VMULPS(rstd, g, g)
		ifPresent(accumulate, func() { VADDPS(l.Load(c.In(dx), c.Mask), g, g) })
		store(g, c.In(dx), c.Mask)
	})
	end()
}

// loadBool returns a bool parameter in a register.
func loadBool(name string) reg.Register { return Load(Param(name), GP8()) }

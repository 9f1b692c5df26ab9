package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// rotary writes the rotation of pairs that lie half a head apart.
func rotary(l simd.Level) {
	function(l, "rotateHalves", "func(dst, x, cos, sin []float32, heads, size int, sign float32)",
		"turns the pairs (x[i], x[i+len(cos)]) of each head by the angles of cosine cos and sine sign·sin. "+
			"It rounds each product as well as their sums.")
	dst, x, cos, sin, half := simd.Base("dst"), simd.Base("x"), simd.Base("cos"), simd.Base("sin"), simd.Len("cos")
	heads, size := Load(Param("heads"), GP64()), Load(Param("size"), GP64())
	sign := l.Broadcast("sign")
	SHLQ(Imm(2), size)
	loop, done := simd.NewLabel("head"), simd.NewLabel("done")
	Label(loop)
	SUBQ(Imm(1), heads)
	JL(LabelRef(done))
	xSecond, dstSecond := GP64(), GP64()
	LEAQ(Mem{Base: x, Index: half, Scale: 4}, xSecond)
	LEAQ(Mem{Base: dst, Index: half, Scale: 4}, dstSecond)
	l.Each(half, func(c simd.Cursor) {
		a, b := l.Load(c.In(x), c.Mask), l.Load(c.In(xSecond), c.Mask)
		co, si := l.Load(c.In(cos), c.Mask), l.Load(c.In(sin), c.Mask)
		VMULPS(sign, si, si)
		first, second, t := l.Reg(), l.Reg(), l.Reg()
		VMULPS(co, a, first)
		VMULPS(si, b, t)
		VSUBPS(t, first, first)
		VMULPS(co, b, second)
		VMULPS(si, a, t)
		VADDPS(t, second, second)
		l.Store(first, c.In(dst), c.Mask)
		l.Store(second, c.In(dstSecond), c.Mask)
	})
	ADDQ(size, x)
	ADDQ(size, dst)
	JMP(LabelRef(loop))
	Label(done)
	end()
}

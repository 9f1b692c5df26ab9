package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// crossEntropy writes the passes over a row of logits.
func crossEntropy(l simd.Level) {
	function(l, "expTotal", "func(x []float32, shift float32) (total float32)", "returns the sum of e^(x-shift).")
	x, n, shift, acc := simd.Base("x"), simd.Len("x"), l.Broadcast("shift"), l.Accumulators()
	l.Hold(simd.ExpConstants...)
	l.EachGroup(n, func(c simd.Cursor) {
		v := l.Load(c.In(x), c.Mask)
		VSUBPS(shift, v, v)
		e := l.Exp(v)
		l.Keep(e, c.Mask)
		VADDPS(e, acc[c.Part], acc[c.Part])
	})
	returnSum(l, acc, "total")
	end()

	function(l, "expScaled", "func(dst, x []float32, shift, s, offset, perCap float32)",
		"computes dst = (s·e^(x-shift) + offset)·(1 - (perCap·x)²).")
	dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	shift, s, offset, perCap := l.Broadcast("shift"), l.Broadcast("s"), l.Broadcast("offset"), l.Broadcast("perCap")
	l.Hold(simd.ExpConstants...)
	l.Each(n, func(c simd.Cursor) {
		v, t := l.Load(c.In(x), c.Mask), l.Reg()
		VMULPS(perCap, v, t)
		factor := l.Load(simd.Const(1), nil)
		VFNMADD231PS(t, t, factor)
		VSUBPS(shift, v, v)
		e := l.Exp(v)
		VFMADD213PS(offset, s, e)
		VMULPS(factor, e, e)
		l.Store(e, c.In(dst), c.Mask)
	})
	end()
}

package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// softmax writes the exponential function and the parts of softmax.
func softmax(l simd.Level) {
	function(l, "exp", "func(dst, x []float32)", "computes dst = e^x.")
	dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	l.Hold(simd.ExpConstants...)
	l.Each(n, func(c simd.Cursor) {
		l.Store(l.Exp(l.Load(c.In(x), c.Mask)), c.In(dst), c.Mask)
	})
	end()

	function(l, "maxOf", "func(x []float32) (most float32)", "returns the greatest element of x that is not NaN, or -Inf.")
	x, n = simd.Base("x"), simd.Len("x")
	least := l.Load(simd.Const(math.Inf(-1)), nil)
	acc := l.Accumulators()
	for i := range acc {
		acc[i] = l.Copy(least)
	}
	l.EachGroup(n, func(c simd.Cursor) {
		v := l.Load(c.In(x), c.Mask)
		l.KeepOr(v, c.Mask, least)
		VMAXPS(acc[c.Part], v, acc[c.Part]) // of two operands, one of them NaN, the first is returned
	})
	VMOVSS(l.Fold(acc, VMAXPS), simd.Address(Return("most")))
	end()

	function(l, "expSum", "func(dst, x []float32, shift float32) (total float32)", "computes dst = e^(x-shift) and returns the sum of dst.")
	dst, x, n = simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	shift := l.Broadcast("shift")
	acc = l.Accumulators()
	l.Hold(simd.ExpConstants...)
	l.EachGroup(n, func(c simd.Cursor) {
		v := l.Load(c.In(x), c.Mask)
		VSUBPS(shift, v, v)
		e := l.Exp(v)
		l.Store(e, c.In(dst), c.Mask)
		l.Keep(e, c.Mask)
		VADDPS(e, acc[c.Part], acc[c.Part])
	})
	returnSum(l, acc, "total")
	end()

	function(l, "softmaxGrad", "func(dx, y, dy []float32, sum float32)", "computes dx = y·(dy - sum).")
	dx, y, dy, n := simd.Base("dx"), simd.Base("y"), simd.Base("dy"), simd.Len("dx")
	total := l.Broadcast("sum")
	l.Each(n, func(c simd.Cursor) {
		v := l.Load(c.In(dy), c.Mask)
		VSUBPS(total, v, v)
		VMULPS(l.Load(c.In(y), c.Mask), v, v)
		l.Store(v, c.In(dx), c.Mask)
	})
	end()
}

package main

import (
	. "github.com/mmcloughlin/avo/build"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// adamw rounds after each operation, as the generic loop does.
func adamw(l simd.Level) {
	function(l, "adamW", "func(p, g, m, v []float32, scale, decay, shrink, beta2, rest1, rest2, rate, root, eps float32, past bool)",
		"makes a step of AdamW; see kernels.AdamW.")
	p, g, m, v, n := simd.Base("p"), simd.Base("g"), simd.Base("m"), simd.Base("v"), simd.Len("p")
	scale, decay, shrink := l.Broadcast("scale"), l.Broadcast("decay"), l.Broadcast("shrink")
	beta2, rest1, rest2 := l.Broadcast("beta2"), l.Broadcast("rest1"), l.Broadcast("rest2")
	rate, root, eps := l.Broadcast("rate"), l.Broadcast("root"), l.Broadcast("eps")
	l.EachPast(n, func(c simd.Cursor, store simd.Writer) {
		grad, w, t := l.Load(c.In(g), c.Mask), l.Load(c.In(p), c.Mask), l.Reg()
		VMULPS(scale, grad, grad)
		VMULPS(decay, w, t)
		VADDPS(t, grad, grad)
		VMULPS(shrink, w, w)

		first := l.Load(c.In(m), c.Mask)
		VSUBPS(first, grad, t)
		VMULPS(rest1, t, t)
		VADDPS(t, first, first)
		l.Store(first, c.In(m), c.Mask)

		second := l.Load(c.In(v), c.Mask)
		VMULPS(rest2, grad, t)
		VMULPS(grad, t, t)
		VMULPS(beta2, second, second)
		VADDPS(t, second, second)
		l.Store(second, c.In(v), c.Mask)

		VSQRTPS(second, second)
		VDIVPS(root, second, second)
		VADDPS(eps, second, second)
		VMULPS(rate, first, first)
		VDIVPS(second, first, first)
		VSUBPS(first, w, w)
		store(w, c.In(p), c.Mask)
	})
	end()
}

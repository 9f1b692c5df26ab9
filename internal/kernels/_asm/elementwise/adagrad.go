package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// adaGrad rounds after each operation, as the generic loop does. Of two numbers of which one isn't a number, VMINPS and VMAXPS return the one that avo
// has first.
func adaGrad(l simd.Level) {
	function(l, "adaGradDot", "func(a, b, aSquares, bSquares []float32, slope, most, rate float32)", "makes a step of AdaGrad; see kernels.AdaGradDot.")
	a, b, n := simd.Base("a"), simd.Base("b"), simd.Len("a")
	aSquares, bSquares := simd.Base("aSquares"), simd.Base("bSquares")
	slope, most, rate, least := l.Broadcast("slope"), l.Broadcast("most"), l.Broadcast("rate"), l.Zero()
	VSUBPS(most, least, least)
	l.Each(n, func(c simd.Cursor) {
		gradient := func(v reg.VecVirtual) reg.VecVirtual {
			g := l.Reg()
			VMULPS(slope, v, g)
			VMAXPS(g, least, g)
			VMINPS(g, most, g)
			VMULPS(rate, g, g)
			return g
		}
		x, y := l.Load(c.In(a), c.Mask), l.Load(c.In(b), c.Mask)
		gx, gy := gradient(y), gradient(x)
		step := func(v, g reg.VecVirtual, to, squares reg.Register) {
			sum, root := l.Load(c.In(squares), c.Mask), l.Reg()
			VSQRTPS(sum, root)
			VDIVPS(root, g, root)
			VSUBPS(root, v, v)
			l.Store(v, c.In(to), c.Mask)
			VMULPS(g, g, g)
			VADDPS(g, sum, sum)
			l.Store(sum, c.In(squares), c.Mask)
		}
		step(x, gx, a, aSquares)
		step(y, gy, b, bSquares)
	})
	end()
}

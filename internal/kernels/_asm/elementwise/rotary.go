package main

import (
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// rotary writes the rotations of pairs. They round each product as well as the
// sum, as the generic loop does.
func rotary(l simd.Level) {
	rotateHalves(l)
	rotatePairs(l)
}

// eachHead calls body for each of a token's heads, at which x and dst point.
func eachHead(x, dst reg.Register, body func()) {
	heads, size := Load(Param("heads"), GP64()), Load(Param("size"), GP64())
	SHLQ(Imm(2), size)
	loop, done := simd.NewLabel("head"), simd.NewLabel("done")
	Label(loop)
	SUBQ(Imm(1), heads)
	JL(LabelRef(done))
	body()
	ADDQ(size, x)
	ADDQ(size, dst)
	JMP(LabelRef(loop))
	Label(done)
}

func rotateHalves(l simd.Level) {
	function(l, "rotateHalves", "func(dst, x, cos, sin []float32, heads, size int, sign float32)",
		"turns the pairs (x[i], x[i+len(cos)]) of each head by the angles of cosine cos and sine sign·sin.")
	dst, x, cos, sin, half := simd.Base("dst"), simd.Base("x"), simd.Base("cos"), simd.Base("sin"), simd.Len("cos")
	sign := l.Broadcast("sign")
	xSecond, dstSecond := GP64(), GP64()
	eachHead(x, dst, func() {
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
	})
	end()
}

func rotatePairs(l simd.Level) {
	function(l, "rotatePairs", "func(dst, x, cos, sin []float32, heads, size int, sign float32)",
		"turns the pairs (x[2i], x[2i+1]) of each head by the angles of cosine cos and sine sign·sin.")
	dst, x, cos, sin, n := simd.Base("dst"), simd.Base("x"), simd.Base("cos"), simd.Base("sin"), simd.Len("cos")
	SHLQ(Imm(1), n)
	var twice, signs [16]uint32 // each angle for two lanes, and -1 and 1 for the two
	for lane := range twice {
		twice[lane] = uint32(lane / 2)
		signs[lane] = math.Float32bits(float32(2*(lane%2) - 1))
	}
	order, sign := l.Load(simd.Table("twice", twice), nil), l.Broadcast("sign")
	VMULPS(simd.Table("minusPlus", signs), sign, sign)
	half := GP64()
	MOVQ(U32(uint32(l.Lanes/2)), half)
	allPairs := l.FirstLanes(half)
	eachHead(x, dst, func() {
		l.Each(n, func(c simd.Cursor) {
			pairs := allPairs
			if c.Mask != nil {
				MOVQ(c.Rest, half)
				SHRQ(Imm(1), half)
				pairs = l.FirstLanes(half)
			}
			angles := func(base reg.Register) reg.VecVirtual {
				v := l.Load(Mem{Base: base, Index: c.Index, Scale: 2}, pairs)
				VPERMPS(v, order, v)
				return v
			}
			co, si := angles(cos), angles(sin)
			VMULPS(sign, si, si)
			v, swapped := l.Load(c.In(x), c.Mask), l.Reg()
			VPERMILPS(Imm(0b10110001), v, swapped)
			VMULPS(co, v, v)
			VMULPS(si, swapped, swapped)
			VADDPS(swapped, v, v)
			l.Store(v, c.In(dst), c.Mask)
		})
	})
	end()
}

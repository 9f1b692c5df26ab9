package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// vector writes sums, products and reductions of vectors.
func vector(l simd.Level) {
	binary(l, "add", "computes dst = a + b.", VADDPS)
	binary(l, "mul", "computes dst = a·b.", VMULPS)
	scale(l)
	axpy(l)
	addRows(l)
	sum(l)
	dot(l)
	sumSquares(l)
	dotEach(l)
	axpyEach(l)
}

func binary(l simd.Level, name, doc string, combine func(ops ...Op)) {
	function(l, name, "func(dst, a, b []float32)", doc)
	dst, a, b, n := simd.Base("dst"), simd.Base("a"), simd.Base("b"), simd.Len("dst")
	l.Each(n, func(c simd.Cursor) {
		v := l.Load(c.In(a), c.Mask)
		combine(l.Load(c.In(b), c.Mask), v, v)
		l.Store(v, c.In(dst), c.Mask)
	})
	end()
}

func scale(l simd.Level) {
	function(l, "scale", "func(dst, a []float32, s float32)", "computes dst = s·a.")
	dst, a, n, s := simd.Base("dst"), simd.Base("a"), simd.Len("dst"), l.Broadcast("s")
	l.Each(n, func(c simd.Cursor) {
		v := l.Load(c.In(a), c.Mask)
		VMULPS(v, s, v)
		l.Store(v, c.In(dst), c.Mask)
	})
	end()
}

func axpy(l simd.Level) {
	function(l, "axpy", "func(dst, a []float32, s float32)", "computes dst += s·a, rounding the product as well as the sum.")
	dst, a, n, s := simd.Base("dst"), simd.Base("a"), simd.Len("dst"), l.Broadcast("s")
	l.Each(n, func(c simd.Cursor) {
		v := l.Load(c.In(a), c.Mask)
		VMULPS(v, s, v)
		VADDPS(l.Load(c.In(dst), c.Mask), v, v)
		l.Store(v, c.In(dst), c.Mask)
	})
	end()
}

// addRows takes four rows at a time, so that dst is read and written less often.
func addRows(l simd.Level) {
	function(l, "addRows", "func(dst, x []float32, rows, stride int)",
		"adds to dst the rows that begin stride elements apart in x, one after the other.")
	dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	rows, stride := Load(Param("rows"), GP64()), Load(Param("stride"), GP64())
	SHLQ(Imm(2), stride)
	pass := func(count int, next string) {
		loop := simd.NewLabel("rows")
		Label(loop)
		CMPQ(rows, Imm(uint64(count)))
		JL(LabelRef(next))
		bases := []reg.Register{x}
		for range count {
			base := GP64()
			MOVQ(bases[len(bases)-1], base)
			ADDQ(stride, base)
			bases = append(bases, base)
		}
		l.Each(n, func(c simd.Cursor) {
			sum := l.Load(c.In(dst), c.Mask)
			for _, base := range bases[:count] {
				VADDPS(l.Load(c.In(base), c.Mask), sum, sum)
			}
			l.Store(sum, c.In(dst), c.Mask)
		})
		MOVQ(bases[count], x)
		SUBQ(Imm(uint64(count)), rows)
		JMP(LabelRef(loop))
	}
	single, done := simd.NewLabel("single"), simd.NewLabel("done")
	pass(4, single)
	Label(single)
	pass(1, done)
	Label(done)
	end()
}

// returnSum stores the sum of the accumulators' lanes as the result of that name.
func returnSum(l simd.Level, acc []reg.VecVirtual, name string) {
	VMOVSS(l.Fold(acc, VADDPS), simd.Address(Return(name)))
}

func sum(l simd.Level) {
	function(l, "sum", "func(a []float32) (total float32)", "returns the sum of a.")
	a, n, acc := simd.Base("a"), simd.Len("a"), l.Accumulators()
	l.EachGroup(n, func(c simd.Cursor) {
		VADDPS(l.Load(c.In(a), c.Mask), acc[c.Part], acc[c.Part])
	})
	returnSum(l, acc, "total")
	end()
}

func dot(l simd.Level) {
	function(l, "dot", "func(a, b []float32) (total float32)", "returns the sum of a·b.")
	a, b, n, acc := simd.Base("a"), simd.Base("b"), simd.Len("a"), l.Accumulators()
	l.EachGroup(n, func(c simd.Cursor) {
		VFMADD231PS(l.Load(c.In(a), c.Mask), l.Load(c.In(b), c.Mask), acc[c.Part])
	})
	returnSum(l, acc, "total")
	end()
}

// sumSquares sums in float64: each register of float32 becomes two.
func sumSquares(l simd.Level) {
	function(l, "sumSquares", "func(a []float32) (total float64)", "returns the sum of a², in float64.")
	a, n := simd.Base("a"), simd.Len("a")
	acc := append(l.Accumulators(), l.Accumulators()...)
	l.EachGroup(n, func(c simd.Cursor) {
		v := l.Load(c.In(a), c.Mask)
		for half := range 2 {
			d := l.Reg()
			if l.Wide() {
				part := v.AsY()
				if half == 1 {
					part = YMM().(reg.Vec).AsY()
					VEXTRACTF64X4(Imm(1), v, part)
				}
				VCVTPS2PD(part, d)
			} else {
				part := v.AsX()
				if half == 1 {
					part = XMM().(reg.Vec).AsX()
					VEXTRACTF128(Imm(1), v, part)
				}
				VCVTPS2PD(part, d)
			}
			VFMADD231PD(d, d, acc[2*c.Part+half])
		}
	})
	VMOVSD(l.FoldDoubles(acc), simd.Address(Return("total")))
	end()
}

package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// eachRows calls body for the rows of x that the parameter at lists, by their addresses: four at a time, then two, then one.
func eachRows(body func(rows []reg.Register)) {
	at, left := simd.Base("at"), simd.Len("at")
	for _, count := range []int{4, 2, 1} {
		loop, fewer := simd.NewLabel("rows"), simd.NewLabel("fewer")
		Label(loop)
		CMPQ(left, Imm(uint64(count)))
		JL(LabelRef(fewer))
		stride, x := Load(Param("stride"), GP64()), simd.Base("x")
		var rows []reg.Register
		for i := range count {
			row := GP64()
			MOVL(Mem{Base: at, Disp: 4 * i}, row.As32())
			IMULQ(stride, row)
			LEAQ(Mem{Base: x, Index: row, Scale: 4}, row)
			rows = append(rows, row)
		}
		body(rows)
		ADDQ(Imm(uint64(4*count)), at)
		SUBQ(Imm(uint64(count)), left)
		JMP(LabelRef(loop))
		Label(fewer)
	}
}

// multiplyAdd adds v times the numbers at a cursor of a row to sum.
func multiplyAdd(l simd.Level, c simd.Cursor, row reg.Register, v, sum reg.VecVirtual) {
	if c.Mask == nil {
		VFMADD231PS(c.In(row), v, sum)
	} else {
		VFMADD231PS(l.Load(c.In(row), c.Mask), v, sum)
	}
}

func dotEach(l simd.Level) {
	function(l, "dotEach", "func(dst, a, x []float32, at []int32, stride int)", "sets dst[j] to the product of a and the row of x that begins at element stride·at[j].")
	dst, a, n := simd.Base("dst"), simd.Base("a"), simd.Len("a")
	eachRows(func(rows []reg.Register) {
		sums := make([][]reg.VecVirtual, len(rows))
		for i := range sums {
			sums[i] = l.HalfAccumulators()
		}
		l.EachHalf(n, func(c simd.Cursor) {
			v := l.Load(c.In(a), c.Mask)
			for i, row := range rows {
				multiplyAdd(l, c, row, v, sums[i][c.Part])
			}
		})
		for i := range rows {
			VMOVSS(l.Fold(sums[i], VADDPS), Mem{Base: dst, Disp: 4 * i})
		}
		ADDQ(Imm(uint64(4*len(rows))), dst)
	})
	end()
}

func axpyEach(l simd.Level) {
	function(l, "axpyEach", "func(dst, s, x []float32, at []int32, stride int)", "adds to dst s[j] times the row of x that begins at element stride·at[j], one after the other.")
	dst, s, n := simd.Base("dst"), simd.Base("s"), simd.Len("dst")
	eachRows(func(rows []reg.Register) {
		factors := make([]reg.VecVirtual, len(rows))
		for i := range factors {
			factors[i] = l.Reg()
			VBROADCASTSS(Mem{Base: s, Disp: 4 * i}, factors[i])
		}
		l.Each(n, func(c simd.Cursor) {
			v := l.Load(c.In(dst), c.Mask)
			for i, row := range rows {
				multiplyAdd(l, c, row, factors[i], v)
			}
			l.Store(v, c.In(dst), c.Mask)
		})
		ADDQ(Imm(uint64(4*len(rows))), s)
	})
	end()
}

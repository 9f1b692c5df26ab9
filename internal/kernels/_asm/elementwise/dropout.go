package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// dropout writes Philox 4x32-10 for as many blocks side by side as a register has lanes.
func dropout(l simd.Level) {
	function(l, "dropout", "func(dst, x []float32, keep float32, least uint32, seed, stream, counter uint64)",
		"computes dst = keep·x where the random word is at least least, else 0, from word 0 of block counter on. "+
			"The length must be a multiple of 64, and the lower half of the counter must not overflow.")
	dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	seed, stream, counter := loadInt("seed", GP64()), loadInt("stream", GP64()), loadInt("counter", GP64())

	lowStream, highStream := halves(l, stream)
	lowCounter, highCounter := halves(l, counter)
	VPADDD(order(l), lowCounter, lowCounter)

	odds := l.OddLanes()
	i := GP64()
	XORQ(i, i)
	loop, done := simd.NewLabel("loop"), simd.NewLabel("done")
	Label(loop)
	CMPQ(i, n)
	JGE(LabelRef(done))
	words := philox(l, [4]reg.VecVirtual{lowCounter, highCounter, lowStream, highStream}, seed, odds)
	keep, least := l.Broadcast("keep"), broadcastInt(l, loadInt("least", GP32())) // here, as AVX2 is short of registers
	for part, w := range interleave(l, words) {
		c := simd.Cursor{Index: i, Offset: part * l.Lanes}
		v := l.Load(c.In(x), nil)
		VMULPS(keep, v, v)
		if l.Wide() {
			k := K()
			VPCMPUD(Imm(5), least, w, k) // not less
			VMOVAPS_Z(v, k, v)
		} else {
			greater := l.Reg()
			VPMAXUD(least, w, greater)
			VPCMPEQD(greater, w, greater)
			VANDPS(greater, v, v)
		}
		l.Store(v, c.In(dst), nil)
	}
	VPADDD(simd.Bits(uint32(l.Lanes)), lowCounter, lowCounter)
	ADDQ(Imm(uint64(4*l.Lanes)), i)
	JMP(LabelRef(loop))
	Label(done)
	end()
}

func loadInt(name string, r reg.Register) reg.Register { return Load(Param(name), r) }

// broadcastInt returns a register with the lower 32 bits of r in each lane.
func broadcastInt(l simd.Level, r reg.Register) reg.VecVirtual {
	x, v := XMM(), l.Reg()
	VMOVD(r.(reg.GP).As32(), x)
	VPBROADCASTD(x, v)
	return v
}

// halves returns the lower and upper 32 bits of r in each lane of two registers.
func halves(l simd.Level, r reg.Register) (low, high reg.VecVirtual) {
	t := GP64()
	MOVQ(r, t)
	SHRQ(Imm(32), t)
	return broadcastInt(l, r), broadcastInt(l, t)
}

// order returns which block each lane computes. Lanes 4i+j of the words get block
// j·(lanes/4)+i, so that interleave, which works within 128 bits, leaves the blocks in order.
func order(l simd.Level) Mem {
	var words [16]uint32
	quarter := l.Lanes / 4
	for lane := range l.Lanes {
		words[lane] = uint32(lane%4*quarter + lane/4)
	}
	return simd.Table("order"+l.Suffix, words)
}

// philox returns the four words of the blocks whose counters are given.
func philox(l simd.Level, counter [4]reg.VecVirtual, seed reg.Register, odds simd.Mask) [4]reg.VecVirtual {
	const (
		mul0, mul1   = 0xD2511F53, 0xCD9E8D57
		bump0, bump1 = 0x9E3779B9, 0xBB67AE85
		rounds       = 10
	)
	var c [4]reg.VecVirtual
	for i := range c {
		c[i] = l.Copy(counter[i])
	}
	k0, k1 := halves(l, seed)
	for range rounds {
		high0, low0 := multiply(l, c[0], mul0, odds)
		high1, low1 := multiply(l, c[2], mul1, odds)
		VXORPS(c[1], high1, high1)
		VXORPS(k0, high1, high1)
		VXORPS(c[3], high0, high0)
		VXORPS(k1, high0, high0)
		c = [4]reg.VecVirtual{high1, low1, high0, low0}
		VPADDD(simd.Bits(bump0), k0, k0)
		VPADDD(simd.Bits(bump1), k1, k1)
	}
	return c
}

// multiply returns the upper and lower halves of the products of v's lanes and m.
func multiply(l simd.Level, v reg.VecVirtual, m uint32, odds simd.Mask) (upper, lower reg.VecVirtual) {
	even, odd, high, low := l.Reg(), l.Reg(), l.Reg(), l.Reg()
	VPMULUDQ(simd.Bits(m), v, even)
	VPSRLQ(Imm(32), v, odd)
	VPMULUDQ(simd.Bits(m), odd, odd)
	VMOVSHDUP(even, high) // the upper halves of the even products
	VMOVSLDUP(odd, low)   // the lower halves of the odd products
	l.Where(odds, odd, high)
	l.Where(odds, low, even)
	return high, even
}

// interleave returns the words in the order of their blocks.
func interleave(l simd.Level, w [4]reg.VecVirtual) [4]reg.VecVirtual {
	var t, out [4]reg.VecVirtual
	for i := range t {
		t[i], out[i] = l.Reg(), l.Reg()
	}
	VUNPCKLPS(w[1], w[0], t[0])
	VUNPCKHPS(w[1], w[0], t[1])
	VUNPCKLPS(w[3], w[2], t[2])
	VUNPCKHPS(w[3], w[2], t[3])
	VUNPCKLPD(t[2], t[0], out[0])
	VUNPCKHPD(t[2], t[0], out[1])
	VUNPCKLPD(t[3], t[1], out[2])
	VUNPCKHPD(t[3], t[1], out[3])
	return out
}

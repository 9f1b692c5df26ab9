package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

// dropout writes what draws masks by Philox 4x32-7, as many blocks side by side as a register has lanes, and what applies them.
func dropout(l simd.Level) {
	function(l, "dropoutMask", "func(mask []uint16, least uint16, seed, stream, counter uint64)",
		fmt.Sprintf("sets the bits of mask whose random number of 16 bits is at least least, from block counter on. "+
			"The length must be a multiple of %d, and the lower half of the counter must not overflow.", l.Lanes/2))
	mask, n := simd.Base("mask"), simd.Len("mask")
	seed, stream, counter := loadInt("seed", GP64()), loadInt("stream", GP64()), loadInt("counter", GP64())
	lowStream, highStream := halves(l, stream)
	lowCounter, highCounter := halves(l, counter)
	VPADDD(order(l), lowCounter, lowCounter)

	odds := oddLanes(l)
	i := GP64()
	XORQ(i, i)
	loop, done := simd.NewLabel("loop"), simd.NewLabel("done")
	Label(loop)
	CMPQ(i, n)
	JGE(LabelRef(done))
	words := interleave(l, philox(l, [4]reg.VecVirtual{lowCounter, highCounter, lowStream, highStream}, seed, odds))
	least := broadcastWord(l, "least") // here, as AVX2 is short of registers
	if l.Wide() {
		for part, w := range words {
			k := K()
			VPCMPUW(Imm(5), least, w, k) // not less
			KMOVD(k, Mem{Base: mask, Index: i, Scale: 2, Disp: 4 * part})
		}
	} else {
		for _, w := range words {
			greater := l.Reg()
			VPMAXUW(least, w, greater)
			VPCMPEQW(greater, w, w)
		}
		for pair := range 2 {
			a, b, bits := words[2*pair], words[2*pair+1], GP32()
			VPACKSSWB(b, a, a) // within 128 bits: the order of quarters is put right behind
			VPERMQ(Imm(0b11_01_10_00), a, a)
			VPMOVMSKB(a, bits)
			MOVL(bits, Mem{Base: mask, Index: i, Scale: 2, Disp: 4 * pair})
		}
	}
	VPADDD(simd.Bits(uint32(l.Lanes)), lowCounter, lowCounter)
	ADDQ(Imm(uint64(l.Lanes/2)), i)
	JMP(LabelRef(loop))
	Label(done)
	end()

	function(l, "applyDropout", "func(dst, x []float32, mask []uint16, keep float32)",
		"computes dst = keep·x where the bit of mask is 1, else 0. The length must be a multiple of 16.")
	dst, x, n := simd.Base("dst"), simd.Base("x"), simd.Len("dst")
	mask = simd.Base("mask")
	keep := l.Broadcast("keep")
	var bits reg.VecVirtual
	if !l.Wide() {
		bits = l.Load(bitTable(), nil)
	}
	i, word := GP64(), GP64()
	XORQ(i, i)
	XORQ(word, word)
	loop, done = simd.NewLabel("loop"), simd.NewLabel("done")
	Label(loop)
	CMPQ(i, n)
	JGE(LabelRef(done))
	for part := range 16 / l.Lanes {
		c := simd.Cursor{Index: i, Offset: part * l.Lanes}
		at := Mem{Base: mask, Index: word, Scale: 2, Disp: part}
		if l.Wide() {
			k, v := K(), l.Reg()
			KMOVW(at, k)
			VMULPS_Z(c.In(x), keep, k, v)
			l.Store(v, c.In(dst), nil)
			continue
		}
		chosen, v := l.Reg(), l.Reg()
		VPBROADCASTB(at, chosen)
		VPAND(bits, chosen, chosen)
		VPCMPEQD(bits, chosen, chosen)
		VMULPS(c.In(x), keep, v)
		VANDPS(chosen, v, v)
		l.Store(v, c.In(dst), nil)
	}
	INCQ(word)
	ADDQ(Imm(16), i)
	JMP(LabelRef(loop))
	Label(done)
	end()
}

// bitTable has a bit of a byte for each lane.
func bitTable() Mem {
	var words [16]uint32
	for i := range words {
		words[i] = 1 << (i % 8)
	}
	return simd.Table("bits", words)
}

// broadcastWord returns a register with the lower 16 bits of a parameter in each 16 bits.
func broadcastWord(l simd.Level, name string) reg.VecVirtual {
	v := l.Reg()
	VPBROADCASTW(simd.Address(Param(name)), v)
	return v
}

// oddLanes chooses every second lane, the first one not among them; with AVX2 that is said in the instruction.
func oddLanes(l simd.Level) simd.Mask {
	if l.Wide() {
		return l.OddLanes()
	}
	return nil
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
		rounds       = 7
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
	if l.Wide() {
		l.Where(odds, odd, high)
		l.Where(odds, low, even)
	} else {
		const odd32 = 0b10101010
		VPBLENDD(Imm(odd32), odd, high, high)
		VPBLENDD(Imm(odd32), low, even, even)
	}
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

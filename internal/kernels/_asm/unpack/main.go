// Command unpack writes the assembly that unpacks blocks of less bits:
//
//	go run ./unpack -out ../unpack_amd64.s -stubs ../unpack_stub_amd64.go -pkg kernels
package main

import (
	"flag"
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

func main() {
	flag.Parse()
	ConstraintExpr("!purego")
	for _, l := range simd.Levels {
		halves(l)
		brains(l)
		bytes(l)
		for _, f := range []nibbles{
			{name: "Q40", bytes: 18, at: 2, middle: 8},
			{name: "Q41", bytes: 20, at: 4, minimum: true},
			{name: "Q50", bytes: 22, at: 6, middle: 16, fifths: 2},
			{name: "Q51", bytes: 24, at: 8, minimum: true, fifths: 4},
		} {
			f.write(l)
		}
		groups(l, "Q4K", 144, false)
		groups(l, "Q5K", 176, true)
		sixes(l)
	}
	Generate()
}

// unpacker holds what all functions have: where they read and write, and how many blocks are left.
type unpacker struct {
	simd.Level
	dst, src, n reg.GPVirtual
}

// begin starts the function for a format and the loop over its blocks.
func begin(l simd.Level, name, doc string) unpacker {
	TEXT("unpack"+name+l.Suffix, NOSPLIT, "func(dst []float32, src []byte, n int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("unpack%s%s unpacks n %s, n > 0.", name, l.Suffix, doc))
	u := unpacker{l, GP64(), GP64(), GP64()}
	Load(Param("dst").Base(), u.dst)
	Load(Param("src").Base(), u.src)
	Load(Param("n"), u.n)
	Label("block")
	return u
}

// end closes the loop over blocks of so many elements and bytes.
func (u unpacker) end(elements, bytes int) {
	ADDQ(U32(4*elements), u.dst)
	ADDQ(U32(bytes), u.src)
	DECQ(u.n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// at is a place in the block.
func (u unpacker) at(disp int) Mem { return Mem{Base: u.src, Disp: disp} }

// store writes the vector of elements from i on.
func (u unpacker) store(v Op, i int) { VMOVUPS(v, Mem{Base: u.dst, Disp: 4 * i}) }

// half returns the number of 16 bits at a place, in all lanes.
func (u unpacker) half(disp int) reg.VecVirtual {
	v := u.Reg()
	if u.Wide() {
		h := YMM()
		VPBROADCASTW(u.at(disp), h)
		VCVTPH2PS(h, v)
		return v
	}
	h := XMM()
	VPBROADCASTW(u.at(disp), h)
	VCVTPH2PS(h, v)
	return v
}

// unsigned returns bytes as integers of 32 bits.
func (u unpacker) unsigned(disp int) reg.VecVirtual {
	v := u.Reg()
	VPMOVZXBD(u.at(disp), v)
	return v
}

// bits returns (v >> shift) & mask in a register of its own; 0 masks nothing.
func (u unpacker) bits(v reg.VecVirtual, shift int, mask uint32) reg.VecVirtual {
	r := u.Reg()
	from := v
	if shift > 0 {
		VPSRLD(Imm(uint64(shift)), v, r)
		from = r
	}
	switch {
	case mask == 0:
	case u.Wide():
		VPANDD(simd.Bits(mask), from, r)
	default:
		VPAND(simd.Bits(mask), from, r)
	}
	return r
}

func (u unpacker) or(v, w reg.VecVirtual) {
	if u.Wide() {
		VPORD(w, v, v)
	} else {
		VPOR(w, v, v)
	}
}

// halves unpacks F16.
func halves(l simd.Level) {
	u := begin(l, "F16", fmt.Sprintf("times %d numbers of 16 bits", l.Lanes))
	v := l.Reg()
	VCVTPH2PS(u.at(0), v)
	u.store(v, 0)
	u.end(l.Lanes, 2*l.Lanes)
}

// brains unpacks BF16.
func brains(l simd.Level) {
	u := begin(l, "BF16", fmt.Sprintf("times %d numbers of bfloat16", l.Lanes))
	v := l.Reg()
	VPMOVZXWD(u.at(0), v)
	VPSLLD(Imm(16), v, v)
	u.store(v, 0)
	u.end(l.Lanes, 2*l.Lanes)
}

// bytes unpacks Q8_0.
func bytes(l simd.Level) {
	u := begin(l, "Q80", "blocks of Q8_0")
	d := u.half(0)
	for i := 0; i < 32; i += l.Lanes {
		v := l.Reg()
		VPMOVSXBD(u.at(2+i), v)
		VCVTDQ2PS(v, v)
		VMULPS(d, v, v)
		u.store(v, i)
	}
	u.end(32, 34)
}

// nibbles is a format of 32 numbers whose lower 4 bits lie two in a byte.
type nibbles struct {
	name    string
	bytes   int
	at      int    // of the lower bits
	middle  uint32 // what is taken from the numbers
	minimum bool   // a minimum is added
	fifths  int    // of the fifth bits; 0 for none
}

func (f nibbles) write(l simd.Level) {
	name := f.name[:2] + "_" + f.name[2:]
	u := begin(l, f.name, "blocks of "+name)
	d := u.half(0)
	var m, high reg.VecVirtual
	if f.minimum {
		m = u.half(2)
	}
	if f.fifths > 0 {
		high = l.Reg()
		VPBROADCASTD(u.at(f.fifths), high)
	}
	for i := 0; i < 16; i += l.Lanes {
		both := u.unsigned(f.at + i)
		for part, v := range []reg.VecVirtual{u.bits(both, 0, 15), u.bits(both, 4, 0)} {
			first := i + 16*part
			if f.fifths > 0 {
				bit := l.Reg()
				VPSRLVD(counting(first), high, bit)
				bit = u.bits(bit, 0, 1)
				VPSLLD(Imm(4), bit, bit)
				u.or(v, bit)
			}
			if f.middle > 0 {
				VPSUBD(simd.Bits(f.middle), v, v)
			}
			VCVTDQ2PS(v, v)
			VMULPS(d, v, v)
			if f.minimum {
				VADDPS(m, v, v)
			}
			u.store(v, first)
		}
	}
	u.end(32, f.bytes)
}

// counting returns the integers from first on.
func counting(first int) Mem {
	var words [16]uint32
	for i := range words {
		words[i] = uint32(first + i)
	}
	return simd.Table(fmt.Sprintf("from%d", first), words)
}

// groups unpacks Q4_K and Q5_K: 8 groups of 32 with scales and minima of 6 bits.
func groups(l simd.Level, name string, bytes int, fifths bool) {
	u := begin(l, name, "blocks of "+name[:2]+"_"+name[2:])
	factors := AllocLocal(64) // of the groups: scales, then minima
	u.factors(factors)
	low := 16
	if fifths {
		low = 48
	}
	for pair := range 4 {
		var scale, offset [2]reg.VecVirtual
		for k := range 2 {
			scale[k], offset[k] = l.Reg(), l.Reg()
			VBROADCASTSS(factors.Offset(4*(2*pair+k)), scale[k])
			VBROADCASTSS(factors.Offset(32+4*(2*pair+k)), offset[k])
		}
		for i := 0; i < 32; i += l.Lanes {
			both := u.unsigned(low + 32*pair + i)
			var high reg.VecVirtual
			if fifths {
				high = u.unsigned(16 + i)
			}
			for k, v := range []reg.VecVirtual{u.bits(both, 0, 15), u.bits(both, 4, 0)} {
				if fifths {
					bit := u.bits(high, 2*pair+k, 1)
					VPSLLD(Imm(4), bit, bit)
					u.or(v, bit)
				}
				VCVTDQ2PS(v, v)
				VMULPS(scale[k], v, v)
				VSUBPS(offset[k], v, v)
				u.store(v, 64*pair+32*k+i)
			}
		}
	}
	u.end(256, bytes)
}

// factors writes the scales of 8 groups, and behind them their minima, to dst: the integers of 6 bits times the block's own.
func (u unpacker) factors(dst Mem) {
	var words [3]reg.GPVirtual
	for i := range words {
		words[i] = GP32()
		MOVL(u.at(4+4*i), words[i])
	}
	masked := func(r reg.GPVirtual, shift, mask uint64) reg.GPVirtual {
		out := GP32()
		MOVL(r, out)
		if shift > 0 {
			SHRL(Imm(shift), out)
		}
		ANDL(U32(mask), out)
		return out
	}
	for k := range 2 { // scales, then minima
		first := masked(words[k], 0, 0x3f3f3f3f)
		last, upper := masked(words[2], uint64(4*k), 0x0f0f0f0f), masked(words[k], 6, 0x03030303)
		SHLL(Imm(4), upper)
		ORL(upper, last)
		SHLQ(Imm(32), last.As64())
		ORQ(first.As64(), last.As64())
		packed, v, h, d := XMM(), YMM(), XMM(), YMM()
		VMOVQ(last.As64(), packed)
		VPMOVZXBD(packed, v)
		VCVTDQ2PS(v, v)
		VPBROADCASTW(u.at(2*k), h)
		VCVTPH2PS(h, d)
		VMULPS(d, v, v)
		VMOVUPS(v, dst.Offset(32*k))
	}
}

// sixes unpacks Q6_K: 16 groups of 16 with scales of 8 bits.
func sixes(l simd.Level) {
	u := begin(l, "Q6K", "blocks of Q6_K")
	scales := AllocLocal(64)
	h, d := XMM(), YMM()
	VPBROADCASTW(u.at(208), h)
	VCVTPH2PS(h, d)
	for i := range 2 {
		v := YMM()
		VPMOVSXBD(u.at(192+8*i), v)
		VCVTDQ2PS(v, v)
		VMULPS(d, v, v)
		VMOVUPS(v, scales.Offset(32*i))
	}
	for part := range 2 {
		for i := 0; i < 32; i += l.Lanes {
			a, b, high := u.unsigned(64*part+i), u.unsigned(64*part+32+i), u.unsigned(128+32*part+i)
			for k, v := range []reg.VecVirtual{u.bits(a, 0, 15), u.bits(b, 0, 15), u.bits(a, 4, 0), u.bits(b, 4, 0)} {
				upper := u.bits(high, 2*k, 3)
				VPSLLD(Imm(4), upper, upper)
				u.or(v, upper)
				VPSUBD(simd.Bits(32), v, v)
				VCVTDQ2PS(v, v)
				scale, first := l.Reg(), 128*part+32*k+i
				VBROADCASTSS(scales.Offset(4*(first/16)), scale)
				VMULPS(scale, v, v)
				u.store(v, first)
			}
		}
	}
	u.end(256, 210)
}

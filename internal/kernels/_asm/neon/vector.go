package main

import "fmt"

// threes are instructions on two operands, the second of which comes first in Go's order for x86, that NEON has too.
var threes = map[string]form{
	"VADDPS": fadd, "VSUBPS": fsub, "VMULPS": fmul, "VDIVPS": fdiv, "VADDPD": fadd2d,
	"VPADDD": add4s, "VPSUBD": sub4s, "VPCMPGTD": cmgt, "VPCMPEQD": cmeq, "VPCMPEQW": cmeq8h, "VPMAXUW": umax8h,
	"VANDPS": and, "VPAND": and, "VPOR": orr, "VXORPS": eor,
	"VUNPCKLPS": zip14s, "VUNPCKHPS": zip24s, "VUNPCKLPD": zip12d, "VUNPCKHPD": zip22d,
	"VADDSD": faddD, "VDIVSD": fdivD,
}

// twos are instructions on one operand.
var twos = map[string]form{"VSQRTPS": fsqrt, "VCVTPS2DQ": fcvtns, "VCVTDQ2PS": scvtf}

// shifts are those by a number.
var shifts = map[string]string{"VPSLLD": "shl", "VPSRLD": "ushr", "VPSRAD": "sshr", "VPSRLQ": "ushr64"}

// vectors translates an instruction on vectors, half by half where it has halves.
func (t *translator) vectors(l line) error {
	o := l.operands
	d := o[len(o)-1]
	each := func(body func(half int)) {
		for h := range halves(d) {
			t.taken = 0
			body(h)
		}
	}
	if f, ok := threes[l.opcode]; ok {
		if l.opcode == "VXORPS" && o[0] == o[1] {
			each(func(h int) { t.zero(t.half(d, h)) })
			return nil
		}
		if o[0].kind == argument { // of VADDSD
			r := t.take()
			t.goes("FMOVD %s, F%d", t.place(o[0]), r)
			t.three(f, t.half(d, 0), t.half(o[1], 0), r)
			return nil
		}
		each(func(h int) { t.three(f, t.half(d, h), t.source(o[1], h), t.source(o[0], h)) })
		return nil
	}
	if f, ok := twos[l.opcode]; ok {
		each(func(h int) { t.two(f, t.half(d, h), t.source(o[0], h)) })
		return nil
	}
	if name, ok := shifts[l.opcode]; ok {
		each(func(h int) { t.shift(name, t.half(d, h), t.half(o[1], h), int(o[0].value)) })
		return nil
	}
	switch l.opcode {
	case "VMOVUPS", "VMOVAPS", "VMOVNTPS", "VMASKMOVPS", "VMOVSS", "VMOVSD", "VMOVD", "VMOVQ":
		return t.moves(l)
	case "VBROADCASTSS", "VPBROADCASTD", "VPBROADCASTW", "VPBROADCASTB":
		return t.broadcast(l)
	case "VMOVSLDUP":
		each(func(h int) { t.three(trn1, t.half(d, h), t.half(o[0], h), t.half(o[0], h)) })
	case "VMOVSHDUP":
		each(func(h int) { t.three(trn2, t.half(d, h), t.half(o[0], h), t.half(o[0], h)) })
	case "VFMADD231PS":
		each(func(h int) { t.three(fmla, t.half(d, h), t.half(o[1], h), t.source(o[0], h)) })
	case "VFNMADD231PS":
		each(func(h int) { t.three(fmls, t.half(d, h), t.half(o[1], h), t.source(o[0], h)) })
	case "VFMADD231PD":
		each(func(h int) { t.three(fmla2d, t.half(d, h), t.half(o[1], h), t.source(o[0], h)) })
	case "VFMSUB231PS": // d = a·b - d
		each(func(h int) {
			t.two(fneg, t.half(d, h), t.half(d, h))
			t.three(fmla, t.half(d, h), t.half(o[1], h), t.source(o[0], h))
		})
	case "VFMADD213PS", "VFMSUB213PS": // d = a·d ± b
		each(func(h int) {
			b, sum := t.source(o[0], h), t.take()
			if l.opcode == "VFMSUB213PS" {
				t.two(fneg, sum, b)
			} else {
				t.move(sum, b)
			}
			t.three(fmla, sum, t.half(o[1], h), t.half(d, h))
			t.move(t.half(d, h), sum)
		})
	case "VMINPS", "VMAXPS": // of equal numbers, and where one is NaN, the first
		each(func(h int) {
			a, b, chosen := t.half(o[1], h), t.source(o[0], h), t.take()
			if l.opcode == "VMINPS" {
				t.three(fcmgt, chosen, b, a)
			} else {
				t.three(fcmgt, chosen, a, b)
			}
			t.choose(t.half(d, h), chosen, a, b)
		})
	case "VBLENDVPS": // by the sign of the mask
		each(func(h int) {
			chosen := t.take()
			t.shift("sshr", chosen, t.half(o[0], h), 31)
			t.choose(t.half(d, h), chosen, t.source(o[1], h), t.half(o[2], h))
		})
	case "VCMPPS":
		switch o[0].value {
		case 0x1e: // greater
			each(func(h int) { t.three(fcmgt, t.half(d, h), t.half(o[2], h), t.source(o[1], h)) })
		case 5: // not less
			each(func(h int) {
				t.three(fcmgt, t.half(d, h), t.source(o[1], h), t.half(o[2], h))
				t.two(not, t.half(d, h), t.half(d, h))
			})
		default:
			return fmt.Errorf("unknown comparison")
		}
	case "VROUNDPS":
		if o[0].value != 8 {
			return fmt.Errorf("unknown rounding")
		}
		each(func(h int) { t.two(frintn, t.half(d, h), t.half(o[1], h)) })
	case "VPMULUDQ":
		each(func(h int) {
			a := t.take()
			t.two(xtn, a, t.half(o[1], h))
			if _, ok := t.file.constant(o[0]); !ok {
				panic("a product by something else than a constant")
			}
			t.three(umull, t.half(d, h), a, t.source(o[0], h))
		})
	case "VPBLENDD":
		if o[0].value != 0xaa {
			return fmt.Errorf("unknown blend")
		}
		each(func(h int) {
			b, dst := t.half(o[1], h), t.half(d, h)
			if dst == b {
				return // see below: the even lanes would have to come from elsewhere
			}
			t.move(dst, t.half(o[2], h))
			t.lane(dst, 1, b, 1)
			t.lane(dst, 3, b, 3)
		})
		if d == o[1] && d != o[2] {
			return fmt.Errorf("the destination is the odd lanes' source")
		}
	case "VPSRLVD":
		each(func(h int) {
			by := t.source(o[0], h)
			minus := t.take()
			t.two(neg, minus, by)
			t.three(ushl, t.half(d, h), t.half(o[1], h), minus)
		})
	default:
		return t.crossing(l)
	}
	return nil
}

// choose sets d to a where chosen is set, and elsewhere to b. It may overwrite chosen.
func (t *translator) choose(d, chosen, a, b int) {
	switch d {
	case a:
		t.three(bif, d, b, chosen)
	case b:
		t.three(bit, d, a, chosen)
	default:
		t.move(d, b)
		t.three(bit, d, a, chosen)
	}
}

// crossing translates what moves or changes the size of lanes.
func (t *translator) crossing(l line) error {
	o := l.operands
	d := o[len(o)-1]
	low, high := t.half(d, 0), t.half(d, 0)
	if d.kind == vector && d.wide {
		high = t.half(d, 1)
	}
	switch l.opcode {
	case "VPERMILPS":
		for h := range halves(d) {
			switch n := t.half(o[1], h); o[0].value {
			case 0b10110001:
				t.two(rev64, t.half(d, h), n)
			case 0b1110: // for a fold, which doesn't read the upper half
				t.ext(t.half(d, h), n, n, 8)
			case 0b01: // the same, for the lowest lane alone
				t.two(rev64, t.half(d, h), n)
			default:
				return fmt.Errorf("unknown order")
			}
		}
	case "VPERMILPD":
		t.ext(low, t.half(o[1], 0), t.half(o[1], 0), 8)
	case "VEXTRACTF128":
		t.move(low, t.half(o[1], 1))
	case "VINSERTF128": // from memory
		if o[2] != d {
			return fmt.Errorf("the other half comes from elsewhere")
		}
		base, disp := t.within(o[1], 0, 16)
		t.load(high, 16, base, disp)
	case "VPERM2F128":
		part := func(code uint64) int { return t.half(o[2-int(code>>1)], int(code&1)) }
		first, second := part(o[0].value&3), part(o[0].value>>4&3)
		switch {
		case first == high && second == low:
			spare := t.take()
			t.move(spare, first)
			t.move(high, second)
			t.move(low, spare)
		case second == low:
			t.move(high, second)
			t.move(low, first)
		default:
			t.move(low, first)
			t.move(high, second)
		}
	case "VPERMPS":
		if o[1].wide && t.uniform[o[0].number] {
			return fmt.Errorf("a table of equal lanes")
		}
		bytes := [2]int{t.take(), t.take()}
		for h, b := range bytes { // the numbers of lanes become those of bytes
			t.goes("MOVD $0x04040404, R%d", spare)
			t.two(dup4sW, b, spare)
			t.three(mul4s, b, t.half(o[1], h), b)
		}
		offset := t.take()
		t.goes("MOVD $0x03020100, R%d", spare)
		t.two(dup4sW, offset, spare)
		for h, b := range bytes {
			t.three(add4s, b, b, offset)
			t.tableLookup(b, t.half(o[0], 0), b)
			_ = h
		}
		t.move(low, bytes[0])
		t.move(high, bytes[1])
	case "VPERMQ":
		if o[0].value != 0b11_01_10_00 {
			return fmt.Errorf("unknown order")
		}
		a, b := t.half(o[1], 0), t.half(o[1], 1)
		spare := t.take()
		t.three(zip22d, spare, a, b)
		t.three(zip12d, low, a, b)
		t.move(high, spare)
	case "VPACKSSWB":
		for h := range halves(d) {
			t.taken = 0
			packed := t.take()
			t.two(sqxtn, packed, t.half(o[1], h))
			t.two(sqxtn2, packed, t.half(o[0], h))
			t.move(t.half(d, h), packed)
		}
	case "VPMOVMSKB":
		bits, v := t.take(), t.take()
		t.goes("MOVD $0x8040201008040201, R%d", spare)
		t.two(dup2dX, bits, spare)
		for h, r := range []int{spare, spare2} {
			t.two(sshr7B, v, t.half(o[0], h))
			t.three(and, v, v, bits)
			for range 3 {
				t.three(addp, v, v, v)
			}
			t.two(umovH, r, v)
		}
		t.goes("ORR R%d<<16, R%d, R%d", spare2, spare, o[1].number)
		t.written(o[1].number)
	case "VCVTPS2PD":
		n := t.source(o[0], 0)
		t.two(fcvtl2, high, n)
		t.two(fcvtl, low, n)
	case "VCVTPH2PS":
		n := t.source(o[0], 0)
		if high != low {
			t.two(fcvtl2H, high, n)
		}
		t.two(fcvtlH, low, n)
	case "VPMOVZXWD":
		n := t.source(o[0], 0)
		t.two(uxtl2H, high, n)
		t.two(uxtlH, low, n)
	case "VPMOVZXBD", "VPMOVSXBD":
		first, lower, upper := uxtlB, uxtlH, uxtl2H
		if l.opcode == "VPMOVSXBD" {
			first, lower, upper = sxtlB, sxtlH, sxtl2H
		}
		v, n := t.take(), 0
		if o[0].kind == vector {
			n = t.half(o[0], 0)
		} else {
			base := t.exact(o[0])
			t.load(v, 8, base, 0)
			n = v
		}
		t.two(first, v, n)
		t.two(lower, low, v)
		t.two(upper, high, v)
	case "VSQRTSD":
		t.two(fsqrtD, low, t.half(o[0], 0))
	case "VCVTSS2SD":
		t.two(fcvtDS, low, t.half(o[0], 0))
	case "VCVTSD2SS":
		t.two(fcvtSD, low, t.half(o[0], 0))
	case "VCVTSI2SDQ":
		t.two(scvtfDX, low, o[0].number)
	default:
		return fmt.Errorf("no translation")
	}
	return nil
}

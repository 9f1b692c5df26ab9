package main

import (
	"bytes"
	"fmt"
)

// emitter writes instructions. Go's assembler lacks most of NEON's, so those of vectors are words with a comment that says what they are, as
// other assemblers spell it; check.sh compares both.
type emitter struct{ out *bytes.Buffer }

func (e emitter) goes(format string, args ...any) { fmt.Fprintf(e.out, "\t"+format+"\n", args...) }

func (e emitter) word(word uint32, format string, args ...any) {
	fmt.Fprintf(e.out, "\tWORD $0x%08x // %s\n", word, fmt.Sprintf(format, args...))
}

// form is an instruction without its registers, and how it is spelt with them.
type form struct {
	word uint32
	text string // takes the registers' numbers, the destination first
}

// The forms of three registers: destination, first and second operand.
var (
	fadd   = form{0x4e20d400, "fadd v%d.4s, v%d.4s, v%d.4s"}
	fsub   = form{0x4ea0d400, "fsub v%d.4s, v%d.4s, v%d.4s"}
	fmul   = form{0x6e20dc00, "fmul v%d.4s, v%d.4s, v%d.4s"}
	fdiv   = form{0x6e20fc00, "fdiv v%d.4s, v%d.4s, v%d.4s"}
	fmla   = form{0x4e20cc00, "fmla v%d.4s, v%d.4s, v%d.4s"}
	fmls   = form{0x4ea0cc00, "fmls v%d.4s, v%d.4s, v%d.4s"}
	fcmgt  = form{0x6ea0e400, "fcmgt v%d.4s, v%d.4s, v%d.4s"}
	fadd2d = form{0x4e60d400, "fadd v%d.2d, v%d.2d, v%d.2d"}
	fmla2d = form{0x4e60cc00, "fmla v%d.2d, v%d.2d, v%d.2d"}
	add4s  = form{0x4ea08400, "add v%d.4s, v%d.4s, v%d.4s"}
	sub4s  = form{0x6ea08400, "sub v%d.4s, v%d.4s, v%d.4s"}
	mul4s  = form{0x4ea09c00, "mul v%d.4s, v%d.4s, v%d.4s"}
	cmgt   = form{0x4ea03400, "cmgt v%d.4s, v%d.4s, v%d.4s"}
	cmeq   = form{0x6ea08c00, "cmeq v%d.4s, v%d.4s, v%d.4s"}
	cmeq8h = form{0x6e608c00, "cmeq v%d.8h, v%d.8h, v%d.8h"}
	umax8h = form{0x6e606400, "umax v%d.8h, v%d.8h, v%d.8h"}
	and    = form{0x4e201c00, "and v%d.16b, v%d.16b, v%d.16b"}
	orr    = form{0x4ea01c00, "orr v%d.16b, v%d.16b, v%d.16b"}
	eor    = form{0x6e201c00, "eor v%d.16b, v%d.16b, v%d.16b"}
	bit    = form{0x6ea01c00, "bit v%d.16b, v%d.16b, v%d.16b"}
	bif    = form{0x6ee01c00, "bif v%d.16b, v%d.16b, v%d.16b"}
	ushl   = form{0x6ea04400, "ushl v%d.4s, v%d.4s, v%d.4s"}
	umull  = form{0x2ea0c000, "umull v%d.2d, v%d.2s, v%d.2s"}
	zip14s = form{0x4e803800, "zip1 v%d.4s, v%d.4s, v%d.4s"}
	zip24s = form{0x4e807800, "zip2 v%d.4s, v%d.4s, v%d.4s"}
	zip12d = form{0x4ec03800, "zip1 v%d.2d, v%d.2d, v%d.2d"}
	zip22d = form{0x4ec07800, "zip2 v%d.2d, v%d.2d, v%d.2d"}
	trn1   = form{0x4e802800, "trn1 v%d.4s, v%d.4s, v%d.4s"}
	trn2   = form{0x4e806800, "trn2 v%d.4s, v%d.4s, v%d.4s"}
	addp   = form{0x4e20bc00, "addp v%d.16b, v%d.16b, v%d.16b"}
	faddD  = form{0x1e602800, "fadd d%d, d%d, d%d"}
	fdivD  = form{0x1e601800, "fdiv d%d, d%d, d%d"}
)

// The forms of two registers.
var (
	fneg    = form{0x6ea0f800, "fneg v%d.4s, v%d.4s"}
	fsqrt   = form{0x6ea1f800, "fsqrt v%d.4s, v%d.4s"}
	frintn  = form{0x4e218800, "frintn v%d.4s, v%d.4s"}
	fcvtns  = form{0x4e21a800, "fcvtns v%d.4s, v%d.4s"}
	scvtf   = form{0x4e21d800, "scvtf v%d.4s, v%d.4s"}
	fcvtl   = form{0x0e617800, "fcvtl v%d.2d, v%d.2s"}
	fcvtl2  = form{0x4e617800, "fcvtl2 v%d.2d, v%d.4s"}
	fcvtlH  = form{0x0e217800, "fcvtl v%d.4s, v%d.4h"}
	fcvtl2H = form{0x4e217800, "fcvtl2 v%d.4s, v%d.8h"}
	rev64   = form{0x4ea00800, "rev64 v%d.4s, v%d.4s"}
	not     = form{0x6e205800, "mvn v%d.16b, v%d.16b"}
	neg     = form{0x6ea0b800, "neg v%d.4s, v%d.4s"}
	xtn     = form{0x0ea12800, "xtn v%d.2s, v%d.2d"}
	sqxtn   = form{0x0e214800, "sqxtn v%d.8b, v%d.8h"}
	sqxtn2  = form{0x4e214800, "sqxtn2 v%d.16b, v%d.8h"}
	uxtlB   = form{0x2f08a400, "ushll v%d.8h, v%d.8b, #0"}
	uxtlH   = form{0x2f10a400, "ushll v%d.4s, v%d.4h, #0"}
	uxtl2H  = form{0x6f10a400, "ushll2 v%d.4s, v%d.8h, #0"}
	sxtlB   = form{0x0f08a400, "sshll v%d.8h, v%d.8b, #0"}
	sxtlH   = form{0x0f10a400, "sshll v%d.4s, v%d.4h, #0"}
	sxtl2H  = form{0x4f10a400, "sshll2 v%d.4s, v%d.8h, #0"}
	dup4s   = form{0x4e040400, "dup v%d.4s, v%d.s[0]"}
	dup8h   = form{0x4e020400, "dup v%d.8h, v%d.h[0]"}
	dup4sW  = form{0x4e040c00, "dup v%d.4s, w%d"}
	dup8hW  = form{0x4e020c00, "dup v%d.8h, w%d"}
	dup2dX  = form{0x4e080c00, "dup v%d.2d, x%d"}
	fsqrtD  = form{0x1e61c000, "fsqrt d%d, d%d"}
	fcvtDS  = form{0x1e22c000, "fcvt d%d, s%d"}
	fcvtSD  = form{0x1e624000, "fcvt s%d, d%d"}
	scvtfDX = form{0x9e620000, "scvtf d%d, x%d"}
	fmovSW  = form{0x1e270000, "fmov s%d, w%d"}
	fmovDX  = form{0x9e670000, "fmov d%d, x%d"}
	umovH   = form{0x0e023c00, "umov w%d, v%d.h[0]"}
	sshr7B  = form{0x4f090400, "sshr v%d.16b, v%d.16b, #7"}
	ld1r4s  = form{0x4d40c800, "ld1r { v%d.4s }, [x%d]"}
	ld1r8h  = form{0x4d40c400, "ld1r { v%d.8h }, [x%d]"}
	ld1r16b = form{0x4d40c000, "ld1r { v%d.16b }, [x%d]"}
)

// two emits an instruction of two registers, and three one of three.
func (e emitter) two(f form, d, n int) {
	e.word(f.word|uint32(n)<<5|uint32(d), f.text, d, n)
}

func (e emitter) three(f form, d, n, m int) {
	e.word(f.word|uint32(m)<<16|uint32(n)<<5|uint32(d), f.text, d, n, m)
}

// move copies a register.
func (e emitter) move(d, n int) {
	if d != n {
		e.word(orr.word|uint32(n)<<16|uint32(n)<<5|uint32(d), "mov v%d.16b, v%d.16b", d, n)
	}
}

func (e emitter) zero(d int) { e.word(0x6f00e400|uint32(d), "movi v%d.2d, #0", d) }

// shift emits a shift of lanes by an amount.
func (e emitter) shift(name string, d, n, by int) {
	switch name {
	case "shl":
		e.word(0x4f005400|uint32(32+by)<<16|uint32(n)<<5|uint32(d), "shl v%d.4s, v%d.4s, #%d", d, n, by)
	case "ushr":
		e.word(0x6f000400|uint32(64-by)<<16|uint32(n)<<5|uint32(d), "ushr v%d.4s, v%d.4s, #%d", d, n, by)
	case "sshr":
		e.word(0x4f000400|uint32(64-by)<<16|uint32(n)<<5|uint32(d), "sshr v%d.4s, v%d.4s, #%d", d, n, by)
	case "ushr64":
		e.word(0x6f000400|uint32(128-by)<<16|uint32(n)<<5|uint32(d), "ushr v%d.2d, v%d.2d, #%d", d, n, by)
	}
}

// ext takes 16 bytes from n and m together, from a byte on.
func (e emitter) ext(d, n, m, from int) {
	e.word(0x6e000000|uint32(m)<<16|uint32(from)<<11|uint32(n)<<5|uint32(d), "ext v%d.16b, v%d.16b, v%d.16b, #%d", d, n, m, from)
}

// lane copies a lane of 32 bits, and lane64 one of 64.
func (e emitter) lane(d, to, n, from int) {
	e.word(0x6e000400|uint32(to<<3|4)<<16|uint32(from<<2)<<11|uint32(n)<<5|uint32(d), "mov v%d.s[%d], v%d.s[%d]", d, to, n, from)
}

func (e emitter) lane64(d, to, n, from int) {
	e.word(0x6e000400|uint32(to<<4|8)<<16|uint32(from<<3)<<11|uint32(n)<<5|uint32(d), "mov v%d.d[%d], v%d.d[%d]", d, to, n, from)
}

// laneTo copies a lane of 32 bits to a register for integers.
func (e emitter) laneTo(r, n, lane int) {
	e.word(0x0e003c00|uint32(lane<<3|4)<<16|uint32(n)<<5|uint32(r), "mov w%d, v%d.s[%d]", r, n, lane)
}

// loadLane and storeLane move a lane of 32 bits from and to memory.
func (e emitter) loadLane(d, lane, base int) {
	e.word(0x0d408000|uint32(lane>>1)<<30|uint32(lane&1)<<12|uint32(base)<<5|uint32(d), "ld1 { v%d.s }[%d], [x%d]", d, lane, base)
}

func (e emitter) storeLane(d, lane, base int) {
	e.word(0x0d008000|uint32(lane>>1)<<30|uint32(lane&1)<<12|uint32(base)<<5|uint32(d), "st1 { v%d.s }[%d], [x%d]", d, lane, base)
}

// load reads size bytes (4, 8 or 16) at base + disp, which is a multiple of the size, and store writes them.
func (e emitter) load(d, size, base, disp int)  { e.access(0x00400000, "ldr", d, size, base, disp) }
func (e emitter) store(d, size, base, disp int) { e.access(0, "str", d, size, base, disp) }

func (e emitter) access(bits uint32, name string, d, size, base, disp int) {
	letter, word := "q", uint32(0x3d800000)
	switch size {
	case 4:
		letter, word = "s", 0xbd000000
	case 8:
		letter, word = "d", 0xfd000000
	}
	e.word(word|bits|uint32(disp/size)<<10|uint32(base)<<5|uint32(d), "%s %s%d, [x%d, #%d]", name, letter, d, base, disp)
}

// loadPair reads 32 bytes at base + disp, a multiple of 16 in [-1024, 1008], and storePair writes them.
func (e emitter) loadPair(d, d2, base, disp int) {
	e.word(0xad400000|uint32(disp/16&127)<<15|uint32(d2)<<10|uint32(base)<<5|uint32(d), "ldp q%d, q%d, [x%d, #%d]", d, d2, base, disp)
}

func (e emitter) storePair(d, d2, base, disp int) {
	e.word(0xad000000|uint32(disp/16&127)<<15|uint32(d2)<<10|uint32(base)<<5|uint32(d), "stp q%d, q%d, [x%d, #%d]", d, d2, base, disp)
}

// loadAnywhere reads 16 bytes at base + disp in [0, 256), which needn't be a multiple of anything.
func (e emitter) loadAnywhere(d, base, disp int) {
	e.word(0x3cc00000|uint32(disp)<<12|uint32(base)<<5|uint32(d), "ldur q%d, [x%d, #%d]", d, base, disp)
}

// multiplyLane adds a vector times a lane of another one.
func (e emitter) multiplyLane(d, n, m, lane int) {
	e.word(0x4f801000|uint32(lane&1)<<21|uint32(m)<<16|uint32(lane>>1)<<11|uint32(n)<<5|uint32(d), "fmla v%d.4s, v%d.4s, v%d.s[%d]", d, n, m, lane)
}

// tableLookup takes the bytes whose numbers are in m from the two registers from n on.
func (e emitter) tableLookup(d, n, m int) {
	e.word(0x4e002000|uint32(m)<<16|uint32(n)<<5|uint32(d), "tbl v%d.16b, { v%d.16b, v%d.16b }, v%d.16b", d, n, n+1, m)
}

// Package simd writes code for vectors of float32 once for AVX2 and AVX-512:
// registers of the level's width, loads and stores under a mask, loops over slices.
package simd

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/gotypes"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// A Level is an instruction set that code is written for.
type Level struct {
	Suffix string // ends the names of its functions
	Lanes  int    // float32 in a register
}

// AVX2 and AVX512 are the levels, as package cpu has them.
var (
	AVX2   = Level{"AVX2", 8}
	AVX512 = Level{"AVX512", 16}
)

// Levels holds both.
var Levels = []Level{AVX2, AVX512}

// Wide says whether the level is AVX-512.
func (l Level) Wide() bool { return l.Lanes == 16 }

// Reg returns a new vector register.
func (l Level) Reg() reg.VecVirtual {
	if l.Wide() {
		return ZMM()
	}
	return YMM()
}

// Copy returns a new register with v's content.
func (l Level) Copy(v Op) reg.VecVirtual {
	r := l.Reg()
	VMOVAPS(v, r)
	return r
}

// Zero returns a new register of zeros.
func (l Level) Zero() reg.VecVirtual {
	r := l.Reg()
	VXORPS(r, r, r)
	return r
}

// A Mask chooses the first lanes of a vector: a mask register with AVX-512 and
// a vector with AVX2. The nil Mask chooses all.
type Mask Op

// Load returns the lanes of m that mask chooses, and zero in the others.
func (l Level) Load(m Mem, mask Mask) reg.VecVirtual {
	r := l.Reg()
	switch {
	case mask == nil:
		VMOVUPS(m, r)
	case l.Wide():
		VMOVUPS_Z(m, mask, r)
	default:
		VMASKMOVPS(m, mask, r)
	}
	return r
}

// Store writes the lanes of v that mask chooses.
func (l Level) Store(v Op, m Mem, mask Mask) {
	switch {
	case mask == nil:
		VMOVUPS(v, m)
	case l.Wide():
		VMOVUPS(v, mask, m)
	default:
		VMASKMOVPS(v, mask, m)
	}
}

// Stream is Store past the caches, unless there is a mask. m is aligned to the register's size.
func (l Level) Stream(v Op, m Mem, mask Mask) {
	if mask != nil {
		l.Store(v, m, mask)
		return
	}
	VMOVNTPS(v, m)
}

// Keep sets the lanes of v to zero that mask doesn't choose.
func (l Level) Keep(v reg.VecVirtual, mask Mask) {
	switch {
	case mask == nil:
	case l.Wide():
		VMOVAPS_Z(v, mask, v)
	default:
		VANDPS(v, mask, v)
	}
}

// KeepOr sets the lanes of v to those of other that mask doesn't choose.
func (l Level) KeepOr(v reg.VecVirtual, mask Mask, other Op) {
	switch {
	case mask == nil:
	case l.Wide():
		VBLENDMPS(v, other, mask, v)
	default:
		VBLENDVPS(mask, v, other, v)
	}
}

// FirstLanes returns the mask of the first n lanes, where n is at most 32
// with AVX-512 (lanes beyond the register's are dropped) and at most the lanes with AVX2.
func (l Level) FirstLanes(n reg.Register) Mask {
	if l.Wide() {
		bits, k := GP64(), K()
		MOVQ(I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), k)
		return k
	}
	table := Table("laneMask", [16]uint32{
		math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32, math.MaxUint32,
	})
	at, base, mask := GP64(), GP64(), YMM()
	LEAQ(table, base)
	MOVQ(I32(8), at)
	SUBQ(n, at)
	VMOVUPS(Mem{Base: base, Index: at, Scale: 4}, mask)
	return mask
}

// tables holds the constants that were defined in this file.
var tables = map[string]Mem{}

// Table returns read-only data of 16 words under a name.
func Table(name string, words [16]uint32) Mem {
	if m, ok := tables[name]; ok {
		return m
	}
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i, w := range words {
		DATA(4*i, U32(w))
	}
	tables[name] = m
	return m
}

// Const returns a vector with x in each lane, as an operand in memory.
func Const(x float64) Mem { return Bits(math.Float32bits(float32(x))) }

// Bits is Const for a pattern of bits.
func Bits(word uint32) Mem {
	var words [16]uint32
	for i := range words {
		words[i] = word
	}
	return Table(fmt.Sprintf("x%08x", word), words)
}

// held are the constants that stay in registers throughout a function.
var held = map[uint32]reg.VecVirtual{}

// Begin forgets the constants of the function before.
func Begin() { clear(held) }

// Hold keeps constants in registers from here on, where there are enough of
// them: with AVX-512, whose loads are otherwise what limits a polynomial.
func (l Level) Hold(constants ...float64) {
	if !l.Wide() {
		return
	}
	for _, x := range constants {
		if word := math.Float32bits(float32(x)); held[word] == nil {
			held[word] = l.Load(Const(x), nil)
		}
	}
}

// Value returns an operand with x in each lane, a register if x is held. It
// must not be written.
func Value(x float64) Op {
	if r := held[math.Float32bits(float32(x))]; r != nil {
		return r
	}
	return Const(x)
}

// Set returns a new register with x in each lane.
func (l Level) Set(x float64) reg.VecVirtual {
	r := l.Reg()
	if h := held[math.Float32bits(float32(x))]; h != nil {
		VMOVAPS(h, r)
	} else {
		VMOVUPS(Const(x), r)
	}
	return r
}

// Broadcast returns a register with the scalar parameter of that name in each lane.
func (l Level) Broadcast(name string) reg.VecVirtual {
	r := l.Reg()
	VBROADCASTSS(Address(Param(name)), r)
	return r
}

// Address returns where a parameter or a result lies. Avo's Load and Store of floats take instructions of SSE: where the upper halves of
// registers are in use, as they are in all kernels, Intel's processors take about a hundred cycles for one of those.
func Address(c gotypes.Component) Mem {
	b, err := c.Resolve()
	if err != nil {
		panic(err)
	}
	return b.Addr
}

// Greater returns the mask of the lanes where a > b.
func (l Level) Greater(a, b Op) Mask {
	const greater = 0x1e // ordered, quiet
	if l.Wide() {
		k := K()
		VCMPPS(Imm(greater), b, a, k)
		return k
	}
	v := YMM()
	VCMPPS(Imm(greater), b, a, v)
	return v
}

// Where sets the lanes of dst that mask chooses to those of v.
func (l Level) Where(mask Mask, v, dst reg.VecVirtual) {
	if l.Wide() {
		VBLENDMPS(v, dst, mask, dst)
	} else {
		VBLENDVPS(mask, v, dst, dst)
	}
}

// OddLanes returns the mask of every second lane, the first one not among them. It is for AVX-512; instructions of AVX2 have it in themselves.
func (l Level) OddLanes() Mask {
	bits, k := GP32(), K()
	MOVL(U32(0xAAAA), bits)
	KMOVW(bits, k)
	return k
}

package simd

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Group is how many lanes a reduction keeps side by side on every level, so
// that its result is the same on all: two registers of AVX-512, or four of AVX2.
const Group = 32

// Half is Group for short vectors: one register of AVX-512, or two of AVX2.
const Half = 16

var labels int

// NewLabel returns a label that no other has.
func NewLabel(name string) string {
	labels++
	return fmt.Sprintf("%s%d", name, labels)
}

// Base loads the address of a slice parameter.
func Base(name string) reg.Register { return Load(Param(name).Base(), GP64()) }

// Len loads the length of a slice parameter.
func Len(name string) reg.Register { return Load(Param(name).Len(), GP64()) }

// A Cursor is a vector's place in all of a loop's slices: element Index plus Offset.
type Cursor struct {
	Index  reg.Register
	Offset int
	Mask   Mask         // the lanes that exist
	Rest   reg.Register // how many they are; nil where all are
	Part   int          // which of a group's registers this is
}

// In returns the operand at the cursor in the slice of float32 at base.
func (c Cursor) In(base reg.Register) Mem {
	return Mem{Base: base, Index: c.Index, Scale: 4, Disp: 4 * c.Offset}
}

// Each calls body for every vector of slices with n elements, the last one
// under a mask.
func (l Level) Each(n reg.Register, body func(c Cursor)) { l.each(n, 1, body) }

// A Writer is Store or Stream.
type Writer func(v Op, m Mem, mask Mask)

// EachPast is Each for a function with a parameter past, as Past has it.
func (l Level) EachPast(n reg.Register, body func(c Cursor, store Writer)) {
	l.Past(func(store Writer) {
		l.Each(n, func(c Cursor) { body(c, store) })
	})
}

// Past emits body twice for a function with a parameter past that tells whether it writes past the caches: with Store and with Stream.
func (l Level) Past(body func(store Writer)) {
	past, done := NewLabel("past"), NewLabel("written")
	flag := Load(Param("past"), GP8())
	TESTB(flag, flag)
	JNZ(LabelRef(past))
	body(l.Store)
	JMP(LabelRef(done))
	Label(past)
	body(l.Stream)
	Label(done)
}

// EachGroup is Each by groups of Group lanes: body is called for each register of a group,
// and under masks, which may be empty, for each of the last one.
func (l Level) EachGroup(n reg.Register, body func(c Cursor)) { l.each(n, Group/l.Lanes, body) }

// EachHalf is EachGroup by groups of Half lanes.
func (l Level) EachHalf(n reg.Register, body func(c Cursor)) { l.each(n, Half/l.Lanes, body) }

func (l Level) each(n reg.Register, parts int, body func(c Cursor)) {
	loop, tail, done := NewLabel("loop"), NewLabel("tail"), NewLabel("done")
	i, limit := GP64(), GP64()
	XORQ(i, i)
	MOVQ(n, limit)
	SUBQ(Imm(uint64(parts*l.Lanes)), limit)
	JL(LabelRef(tail))
	Label(loop)
	for part := range parts {
		body(Cursor{Index: i, Offset: part * l.Lanes, Part: part})
	}
	ADDQ(Imm(uint64(parts*l.Lanes)), i)
	CMPQ(i, limit)
	JLE(LabelRef(loop))
	Label(tail)
	rest := GP64()
	MOVQ(n, rest)
	SUBQ(i, rest)
	JZ(LabelRef(done))
	for part := range parts {
		in := l.within(rest, part, parts)
		body(Cursor{Index: i, Offset: part * l.Lanes, Part: part, Rest: in, Mask: l.FirstLanes(in)})
	}
	Label(done)
}

// within returns how many of rest elements lie in one register of a group.
func (l Level) within(rest reg.Register, part, parts int) reg.Register {
	if parts == 1 {
		return rest
	}
	n, bound := GP64(), GP64()
	MOVQ(rest, n)
	XORQ(bound, bound)
	SUBQ(Imm(uint64(part*l.Lanes)), n)
	CMOVQLT(bound, n)
	MOVQ(U32(uint32(l.Lanes)), bound)
	CMPQ(n, bound)
	CMOVQGT(bound, n)
	return n
}

// Accumulators returns the registers of a group, zeroed.
func (l Level) Accumulators() []reg.VecVirtual { return l.zeros(Group) }

// HalfAccumulators returns the registers of a group of Half lanes, zeroed.
func (l Level) HalfAccumulators() []reg.VecVirtual { return l.zeros(Half) }

func (l Level) zeros(lanes int) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, lanes/l.Lanes)
	for i := range acc {
		acc[i] = l.Zero()
	}
	return acc
}

// Fold combines all lanes of acc, always the upper half onto the lower, and
// returns a register whose lowest lane has the result. It destroys acc.
func (l Level) Fold(acc []reg.VecVirtual, combine func(ops ...Op)) reg.Register {
	for half := len(acc) / 2; half > 0; half /= 2 {
		for i := range half {
			combine(acc[i+half], acc[i], acc[i])
		}
	}
	return l.foldLanes(acc[0], combine)
}

func (l Level) foldLanes(v reg.VecVirtual, combine func(ops ...Op)) reg.Register {
	y := v.AsY()
	if l.Wide() {
		upper := YMM()
		VEXTRACTF64X4(Imm(1), v, upper)
		combine(upper, y, y)
	}
	x, upper := v.AsX(), XMM()
	VEXTRACTF128(Imm(1), y, upper)
	combine(upper, x, x)
	VPERMILPS(Imm(0b1110), x, upper)
	combine(upper, x, x)
	VPERMILPS(Imm(0b01), x, upper)
	combine(upper, x, x)
	return x
}

// FoldDoubles adds all lanes of acc, registers of float64, in the order of Fold.
func (l Level) FoldDoubles(acc []reg.VecVirtual) reg.Register {
	for half := len(acc) / 2; half > 0; half /= 2 {
		for i := range half {
			VADDPD(acc[i+half], acc[i], acc[i])
		}
	}
	y := acc[0].AsY()
	if l.Wide() {
		upper := YMM()
		VEXTRACTF64X4(Imm(1), acc[0], upper)
		VADDPD(upper, y, y)
	}
	x, upper := acc[0].AsX(), XMM()
	VEXTRACTF128(Imm(1), y, upper)
	VADDPD(upper, x, x)
	VPERMILPD(Imm(1), x, upper)
	VADDPD(upper, x, x)
	return x
}

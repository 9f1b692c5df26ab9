package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A level is a set of instructions that code is generated for. Most of it is
// the same but for the registers.
type level struct {
	name  string // ends the names of functions
	bytes int    // of a vector register
	regs  []VecPhysical
}

var levels = []level{{"AVX512", 64, zmm}, {"AVX2", 32, ymm}}

// lanes is the number of float32s in a register.
func (l level) lanes() int { return l.bytes / 4 }

func (l level) zero(r VecPhysical) {
	if l.bytes == 64 {
		VPXORD(r, r, r)
		return
	}
	VXORPS(r, r, r)
}

// broadcastInt copies the low half of a general register to all lanes.
func (l level) broadcastInt(from GPVirtual, to VecPhysical) {
	if l.bytes == 64 {
		VPBROADCASTD(from.As32(), to)
		return
	}
	x := to.(interface{ AsX() VecPhysical }).AsX()
	VMOVD(from.As32(), x)
	VPBROADCASTD(x, to)
}

// load fills a register from a table.
func (l level) load(name string, values []uint32, to VecPhysical) { VMOVUPS(table(name, values), to) }

// tables are the read-only data that has been generated, by content.
var tables = map[string]Mem{}

// table returns the address of read-only words.
func table(name string, words []uint32) Mem {
	key := fmt.Sprint(words)
	if m, ok := tables[key]; ok {
		return m
	}
	m := GLOBL(name, RODATA|NOPTR)
	for i, w := range words {
		DATA(4*i, U32(w))
	}
	tables[key] = m
	return m
}

// repeated returns a word as often as the widest register has lanes.
func repeated(word uint32) []uint32 {
	words := make([]uint32, 16)
	for i := range words {
		words[i] = word
	}
	return words
}

// constant returns the address of a number in all lanes.
func constant(x float64) Mem {
	bits := math.Float32bits(float32(x))
	return table(fmt.Sprintf("float_%08x", bits), repeated(bits))
}

// constants hands out numbers as operands: registers of their own from the top
// where there are many, memory otherwise.
type constants struct {
	level
	held map[float64]Op
	next int
}

func newConstants(l level) *constants {
	return &constants{level: l, held: map[float64]Op{}, next: len(l.regs) - 1}
}

// keepAtMost is how many registers constants take.
const keepAtMost = 18

// of returns the operand of a number. The register is loaded where of is first called, so that
// must be outside of loops.
func (c *constants) of(x float64) Op {
	if op, ok := c.held[x]; ok {
		return op
	}
	var op Op = constant(x)
	if c.bytes == 64 && len(c.regs)-1-c.next < keepAtMost {
		r := c.regs[c.next]
		c.next--
		VMOVUPS(op, r)
		op = r
	}
	c.held[x] = op
	return op
}

package main

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Registers for integers that no register of amd64 is mapped to.
const (
	spare, spare2, spare3 = 16, 17, 23
	poolBase              = 25
)

// addressRegisters hold sums of a base and an index that were computed before.
var addressRegisters = []int{19, 20, 21, 22}

// translator translates a function.
type translator struct {
	emitter
	file    *file
	pool    *[]uint32 // the constants of the file
	tables  map[string]bool
	uniform [16]bool       // registers that only ever have the same number in all lanes, which one register of NEON holds
	held    map[uint32]int // constants that stay in registers
	free    []int          // registers for what an instruction needs beside
	taken   int            // of them, by this instruction
	pooled  bool           // the pool's address is needed
	sums    []addressSum   // in addressRegisters
	oldest  int
	labels  int
	name    string
}

// addressSum is base + index·scale; a base of -1 stands for none.
type addressSum struct{ base, index, scale int }

// translate writes all functions, and then the tables that they use.
func (f *file) translate(out *bytes.Buffer) error {
	var pool []uint32
	tables := map[string]bool{}
	for _, fn := range f.functions {
		t := translator{file: f, pool: &pool, tables: tables, held: map[uint32]int{}, name: fn.name}
		var body bytes.Buffer
		t.emitter = emitter{&body}
		t.assign(fn)
		for lines := fn.lines; len(lines) > 0; {
			done, err := t.steps(lines)
			if done == 0 && err == nil {
				done, err = 1, t.line(lines[0])
			}
			if err != nil {
				return fmt.Errorf("%s: %s %v: %w", fn.name, lines[0].opcode, lines[0].operands, err)
			}
			lines = lines[done:]
		}
		fmt.Fprintf(out, "\nTEXT ·%s(SB), %s\n", fn.name, fn.frame)
		start := translator{emitter: emitter{out}}
		if t.pooled || len(t.held) > 0 {
			start.goes("MOVD $constants<>(SB), R%d", poolBase)
			for _, word := range slices.Sorted(maps.Keys(t.held)) {
				start.load(t.held[word], 16, poolBase, t.pooledAt(word))
			}
		}
		out.Write(body.Bytes())
	}
	for _, name := range slices.Sorted(maps.Keys(tables)) {
		out.WriteString("\n")
		for i, w := range f.tables[name] {
			fmt.Fprintf(out, "DATA %s<>+%d(SB)/4, $0x%08x\n", name, 4*i, w)
		}
		fmt.Fprintf(out, "GLOBL %s<>(SB), RODATA|NOPTR, $%d\n", name, 4*len(f.tables[name]))
	}
	if len(pool) > 0 {
		out.WriteString("\n")
		for i, w := range pool {
			for lane := range 4 {
				fmt.Fprintf(out, "DATA constants<>+%d(SB)/4, $0x%08x\n", 16*i+4*lane, w)
			}
		}
		fmt.Fprintf(out, "GLOBL constants<>(SB), RODATA|NOPTR, $%d\n", 16*len(pool))
	}
	return nil
}

// constant returns the word that a table has everywhere.
func (f *file) constant(o operand) (word uint32, ok bool) {
	if o.kind != symbol {
		return 0, false
	}
	words := f.tables[o.name]
	for _, w := range words {
		if w != words[0] {
			return 0, false
		}
	}
	return words[0], len(words) > 0
}

// pooledAt returns where the pool has a constant, and puts it there if it is new.
func (t *translator) pooledAt(word uint32) int {
	i := slices.Index(*t.pool, word)
	if i < 0 {
		i = len(*t.pool)
		*t.pool = append(*t.pool, word)
	}
	return 16 * i
}

// needed is how many registers an instruction can need beside its own.
const needed = 3

// assign finds out which registers the function leaves free, and has them hold the constants that it uses most.
func (t *translator) assign(fn *function) {
	var defined, varied [16]bool
	uses := map[uint32]int{}
	for _, l := range fn.lines {
		for i, o := range l.operands {
			if word, ok := t.file.constant(o); ok {
				uses[word]++
			}
			if o.kind != vector || i != len(l.operands)-1 {
				continue
			}
			_, constant := t.file.constant(l.operands[0])
			switch {
			case o.wide && (strings.HasPrefix(l.opcode, "VBROADCAST") || strings.HasPrefix(l.opcode, "VPBROADCAST") || l.opcode == "VMOVUPS" && constant):
				defined[o.number] = true
			case !o.wide && (l.opcode == "VMOVD" || l.opcode == "VMOVQ"):
			default:
				varied[o.number] = true
			}
		}
	}
	var used [32]bool
	for r := range t.uniform {
		t.uniform[r] = defined[r] && !varied[r]
	}
	for _, l := range fn.lines {
		for _, o := range l.operands {
			if o.kind == vector {
				used[t.half(o, 0)] = true
				if o.wide {
					used[t.half(o, 1)] = true
				}
			}
		}
	}
	for v := range used {
		if !used[v] {
			t.free = append(t.free, v)
		}
	}
	words := slices.Sorted(maps.Keys(uses))
	slices.SortStableFunc(words, func(a, b uint32) int { return uses[b] - uses[a] })
	for _, w := range words {
		if len(t.free) <= needed {
			break
		}
		t.held[w] = t.free[len(t.free)-1]
		t.free = t.free[:len(t.free)-1]
	}
	t.forget()
}

// half returns the register that holds the lower or upper half of a vector.
func (t *translator) half(o operand, half int) int {
	if t.uniform[o.number] {
		half = 0
	}
	return 2*o.number + half
}

// halves returns how many halves a vector has.
func halves(o operand) int {
	if o.wide {
		return 2
	}
	return 1
}

// take returns a register for the instruction under way.
func (t *translator) take() int {
	if t.taken >= len(t.free) {
		panic(fmt.Sprintf("%s: no register is free", t.name))
	}
	t.taken++
	return t.free[t.taken-1]
}

// newLabel returns a label that the function doesn't have.
func (t *translator) newLabel() string {
	t.labels++
	return fmt.Sprintf("neon%d", t.labels)
}

// forget drops all sums of addresses.
func (t *translator) forget() {
	t.sums = make([]addressSum, len(addressRegisters))
	for i := range t.sums {
		t.sums[i].base = -1
	}
}

// written drops the sums that a register for integers is part of.
func (t *translator) written(r int) {
	for i, s := range t.sums {
		if s.base == r || s.index == r {
			t.sums[i].base = -1
		}
	}
}

// address returns a register and a displacement for a place in memory, or in the frame.
func (t *translator) address(o operand) (base, disp int) {
	switch {
	case o.kind == local:
		t.goes("ADD $%d, RSP, R%d", o.disp+8, spare) // behind the saved link register
		return spare, 0
	case o.kind == symbol:
		t.tables[o.name] = true
		t.goes("MOVD $%s<>+%d(SB), R%d", o.name, o.disp, spare)
		return spare, 0
	case o.index < 0:
		return o.number, o.disp
	}
	sum := addressSum{o.number, o.index, o.scale}
	if i := slices.Index(t.sums, sum); i >= 0 {
		return addressRegisters[i], o.disp
	}
	i := t.oldest
	t.oldest = (t.oldest + 1) % len(addressRegisters)
	t.sums[i] = sum
	shift := map[int]int{1: 0, 2: 1, 4: 2, 8: 3}[o.scale]
	t.goes("ADD R%d<<%d, R%d, R%d", o.index, shift, o.number, addressRegisters[i])
	return addressRegisters[i], o.disp
}

// exact returns a register with an address, and no displacement.
func (t *translator) exact(o operand) int {
	base, disp := t.address(o)
	if disp == 0 {
		return base
	}
	t.add(disp, base, spare)
	return spare
}

// add sets register d to n plus a number.
func (t *translator) add(by, n, d int) {
	if by < 0 {
		t.goes("SUB $%d, R%d, R%d", -by, n, d)
	} else {
		t.goes("ADD $%d, R%d, R%d", by, n, d)
	}
}

// within returns a register and a displacement that an access of size bytes can have, at an offset from an operand's place.
func (t *translator) within(o operand, offset, size int) (base, disp int) {
	base, disp = t.address(o)
	if disp += offset; disp >= 0 && disp%size == 0 && disp < 4096*size {
		return base, disp
	}
	t.add(disp, base, spare)
	return spare, 0
}

// source returns a register with half of an operand: its own, or a free one that it is loaded to.
func (t *translator) source(o operand, half int) int {
	if o.kind == vector {
		return t.half(o, half)
	}
	if word, ok := t.file.constant(o); ok {
		if r, ok := t.held[word]; ok {
			return r
		}
		r := t.take()
		t.pooled = true
		t.load(r, 16, poolBase, t.pooledAt(word))
		return r
	}
	r := t.take()
	base, disp := t.within(o, 16*half, 16)
	t.load(r, 16, base, disp)
	return r
}

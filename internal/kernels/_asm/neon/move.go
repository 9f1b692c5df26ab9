package main

import (
	"fmt"
	"strings"
)

// moves translates loads, stores and copies.
func (t *translator) moves(l line) error {
	o := l.operands
	d := o[len(o)-1]
	switch l.opcode {
	case "VMASKMOVPS":
		if o[0].kind == vector {
			t.storeMasked(o[0], o[1], d)
		} else {
			t.loadMasked(o[0], o[1], d)
		}
		return nil
	case "VMOVSS", "VMOVSD":
		return t.scalar(l)
	case "VMOVD":
		t.two(fmovSW, t.half(d, 0), o[0].number)
		return nil
	case "VMOVQ":
		t.two(fmovDX, t.half(d, 0), o[0].number)
		return nil
	}
	if d.kind == vector {
		t.loadVector(o[0], d)
		return nil
	}
	t.storeVector(o[0], d)
	return nil
}

// loadVector copies or loads a whole vector.
func (t *translator) loadVector(from, d operand) {
	_, constant := t.file.constant(from)
	if from.kind == vector || constant || !d.wide {
		n := halves(d)
		if t.uniform[d.number] {
			n = 1
		}
		for h := range n {
			t.taken = 0
			t.copyTo(t.half(d, h), from, h)
		}
		return
	}
	base, disp := t.pairAddress(from)
	t.loadPair(t.half(d, 0), t.half(d, 1), base, disp)
}

// copyTo copies half of an operand to a register.
func (t *translator) copyTo(r int, from operand, half int) {
	word, constant := t.file.constant(from)
	if from.kind == vector {
		t.move(r, t.half(from, half))
		return
	}
	if held, ok := t.held[word]; ok && constant {
		t.move(r, held)
		return
	}
	if constant {
		t.pooled = true
		t.load(r, 16, poolBase, t.pooledAt(word))
		return
	}
	base, disp := t.within(from, 16*half, 16)
	t.load(r, 16, base, disp)
}

// storeVector stores a whole vector. What goes past the caches with AVX2 has no such hint here.
func (t *translator) storeVector(from, to operand) {
	if !from.wide {
		base, disp := t.within(to, 0, 16)
		t.store(t.half(from, 0), 16, base, disp)
		return
	}
	base, disp := t.pairAddress(to)
	t.storePair(t.half(from, 0), t.half(from, 1), base, disp)
}

// pairAddress returns a register and a displacement that pairs of registers can be loaded from.
func (t *translator) pairAddress(o operand) (base, disp int) {
	base, disp = t.address(o)
	if disp%16 == 0 && -1024 <= disp && disp <= 1008 {
		return base, disp
	}
	t.add(disp, base, spare)
	return spare, 0
}

// scalar translates moves of one number between registers and memory.
func (t *translator) scalar(l line) error {
	from, to := l.operands[0], l.operands[1]
	op, size := "FMOVS", 4
	if l.opcode == "VMOVSD" {
		op, size = "FMOVD", 8
	}
	switch {
	case from.kind == vector && to.kind == argument:
		t.goes("%s F%d, %s", op, t.half(from, 0), t.place(to))
	case from.kind == vector && to.kind == memory:
		base, disp := t.within(to, 0, size)
		t.store(t.half(from, 0), size, base, disp)
	case to.kind == vector && from.kind == argument:
		t.goes("%s %s, F%d", op, t.place(from), t.half(to, 0))
	case to.kind == vector && from.kind == memory:
		base, disp := t.within(from, 0, size)
		t.load(t.half(to, 0), size, base, disp)
	default:
		return fmt.Errorf("no translation")
	}
	return nil
}

// broadcast translates what sets all lanes to one number.
func (t *translator) broadcast(l line) error {
	from, d := l.operands[0], l.operands[1]
	low := t.half(d, 0)
	spread := map[string]form{"VBROADCASTSS": ld1r4s, "VPBROADCASTD": ld1r4s, "VPBROADCASTW": ld1r8h, "VPBROADCASTB": ld1r16b}[l.opcode]
	switch {
	case from.kind == argument && l.opcode == "VPBROADCASTW":
		t.goes("MOVHU %s, R%d", t.place(from), spare)
		t.two(dup8hW, low, spare)
	case from.kind == argument && spread == ld1r4s:
		t.goes("FMOVS %s, F%d", t.place(from), low)
		t.two(dup4s, low, low)
	case from.kind == vector && spread == ld1r4s:
		t.two(dup4s, low, t.half(from, 0))
	case from.kind == memory || from.kind == local:
		t.two(spread, low, t.exact(from))
	default:
		return fmt.Errorf("no translation")
	}
	if d.wide && !t.uniform[d.number] {
		t.move(t.half(d, 1), low)
	}
	return nil
}

// loadMasked loads the lanes that a mask of the first lanes chooses, and sets the others to 0. A half that is chosen as a whole is loaded so.
func (t *translator) loadMasked(from, mask, d operand) {
	base := t.exact(from)
	for h := range halves(d) {
		t.taken = 0
		part, next := t.newLabel(), t.newLabel()
		m, r := t.half(mask, h), t.half(d, h)
		t.laneTo(spare2, m, 3)
		t.goes("TBZ $31, R%d, %s", spare2, part)
		t.load(r, 16, base, 16*h)
		t.goes("B %s", next)
		fmt.Fprintf(t.out, "\n%s:\n", part)
		if r == m {
			m = t.take()
			t.move(m, r)
		}
		t.zero(r)
		t.lanes(m, base, 16*h, next, func(lane, at int) { t.loadLane(r, lane, at) })
		fmt.Fprintf(t.out, "\n%s:\n", next)
	}
}

// lanes calls body for the first three lanes of a half, as far as a mask of the first lanes goes, with a register that has the lane's address.
func (t *translator) lanes(mask, base, disp int, next string, body func(lane, at int)) {
	for lane := range 3 {
		t.laneTo(spare2, mask, lane)
		t.goes("TBZ $31, R%d, %s", spare2, next)
		at := base
		if disp+4*lane > 0 {
			at = spare3
			t.add(disp+4*lane, base, at)
		}
		body(lane, at)
	}
}

// storeMasked stores the lanes that a mask chooses: of the first lanes, or any in panels of scores, which are there as a whole.
func (t *translator) storeMasked(from, mask, to operand) {
	if strings.HasPrefix(t.name, "panelHide") {
		for h := range 2 {
			t.taken = 0
			base, disp := t.within(to, 16*h, 16)
			old := t.take()
			t.load(old, 16, base, disp)
			t.three(bit, old, t.half(from, h), t.half(mask, h))
			t.store(old, 16, base, disp)
		}
		return
	}
	base := t.exact(to)
	for h := range halves(from) {
		part, next := t.newLabel(), t.newLabel()
		m, r := t.half(mask, h), t.half(from, h)
		t.laneTo(spare2, m, 3)
		t.goes("TBZ $31, R%d, %s", spare2, part)
		t.store(r, 16, base, 16*h)
		t.goes("B %s", next)
		fmt.Fprintf(t.out, "\n%s:\n", part)
		t.lanes(m, base, 16*h, next, func(lane, at int) { t.storeLane(r, lane, at) })
		fmt.Fprintf(t.out, "\n%s:\n", next)
	}
}

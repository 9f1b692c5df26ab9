package main

import "fmt"

// branches are the conditional jumps by what they test; x86's JB is unsigned.
var branches = map[string]string{
	"JMP": "B", "JE": "BEQ", "JZ": "BEQ", "JNE": "BNE", "JNZ": "BNE", "JL": "BLT", "JLE": "BLE", "JG": "BGT", "JGE": "BGE", "JB": "BLO",
}

// line translates a line.
func (t *translator) line(l line) error {
	t.taken = 0
	if l.label != "" {
		t.forget()
		fmt.Fprintf(t.out, "\n%s:\n", l.label)
		return nil
	}
	if b, ok := branches[l.opcode]; ok {
		t.goes("%s %s", b, l.operands[0].name)
		return nil
	}
	switch l.opcode {
	case "VZEROUPPER":
		return nil
	case "RET":
		t.goes("RET")
		return nil
	case "PREFETCHT0", "PREFETCHT1":
		base, disp := t.address(l.operands[0])
		if disp < 0 || disp%8 != 0 {
			t.add(disp, base, spare)
			base, disp = spare, 0
		}
		t.goes("PRFM %d(R%d), PLDL%sKEEP", disp, base, map[string]string{"PREFETCHT0": "1", "PREFETCHT1": "2"}[l.opcode])
		return nil
	}
	if l.opcode[0] == 'V' {
		return t.vectors(l)
	}
	err := t.integers(l)
	if last := l.operands[len(l.operands)-1]; last.kind == general {
		t.written(last.number)
	}
	if l.opcode == "DIVQ" {
		t.written(0)
		t.written(2)
	}
	return err
}

// value returns what stands for an operand that is read: a register or a number.
func (t *translator) value(o operand, load string) string {
	switch o.kind {
	case general:
		return fmt.Sprintf("R%d", o.number)
	case immediate:
		return fmt.Sprintf("$%d", int64(o.value))
	}
	t.goes("%s %s, R%d", load, t.place(o), spare2)
	return fmt.Sprintf("R%d", spare2)
}

// place spells a place in memory.
func (t *translator) place(o operand) string {
	switch o.kind {
	case argument:
		return fmt.Sprintf("%s+%d(FP)", o.name, o.disp)
	case local:
		return fmt.Sprintf("%d(RSP)", o.disp+8)
	}
	base, disp := t.address(o)
	return fmt.Sprintf("%d(R%d)", disp, base)
}

// update computes destination = destination op value, wherever the destination is.
func (t *translator) update(op, value string, d operand) {
	if d.kind == general {
		t.goes("%s %s, R%d, R%d", op, value, d.number, d.number)
		return
	}
	t.goes("MOVD %s, R%d", t.place(d), spare3)
	t.goes("%s %s, R%d, R%d", op, value, spare3, spare3)
	t.goes("MOVD R%d, %s", spare3, t.place(d))
}

// updates are operations on a destination and a value. Only subtractions are asked for their flags.
var updates = map[string]string{"ADDQ": "ADD", "SUBQ": "SUBS", "SHLQ": "LSL", "SHRQ": "LSR", "SHLL": "LSLW", "SHRL": "LSRW",
	"ANDL": "ANDW", "ORL": "ORRW", "ORQ": "ORR", "IMULQ": "MUL"}

// integers translates an instruction on integers. Moves, shifts and additions leave the flags as they are, where x86's may not, so
// what tests them finds them.
func (t *translator) integers(l line) error {
	o := l.operands
	if op, ok := updates[l.opcode]; ok {
		t.update(op, t.value(o[0], "MOVD"), o[1])
		return nil
	}
	switch l.opcode {
	case "MOVQ":
		t.move64(o[0], o[1])
	case "MOVL":
		if o[1].kind == general {
			if o[0].kind == immediate {
				t.goes("MOVD $%d, R%d", uint32(o[0].value), o[1].number)
				return nil
			}
			t.goes("MOVWU %s, R%d", t.anyPlace(o[0]), o[1].number)
			return nil
		}
		t.goes("MOVW R%d, %s", o[0].number, t.place(o[1]))
	case "MOVB", "MOVBQZX":
		t.goes("MOVBU %s, R%d", t.anyPlace(o[0]), o[1].number)
	case "LEAQ":
		if o[0].kind == symbol {
			t.tables[o[0].name] = true
			t.goes("MOVD $%s<>+%d(SB), R%d", o[0].name, o[0].disp, o[1].number)
			return nil
		}
		base, disp := t.address(o[0])
		t.add(disp, base, o[1].number)
	case "INCQ":
		t.update("ADD", "$1", o[0])
	case "DECQ":
		t.update("SUBS", "$1", o[0])
	case "XORQ", "XORL":
		if o[0] != o[1] {
			return fmt.Errorf("exclusive or of two registers")
		}
		t.goes("MOVD $0, R%d", o[1].number)
	case "CMPQ":
		first := t.value(o[0], "MOVD")
		if o[1].kind != immediate && o[1].kind != general {
			return fmt.Errorf("unknown comparison")
		}
		t.goes("CMP %s, %s", t.value(o[1], "MOVD"), first)
	case "TESTQ":
		if o[0] != o[1] {
			return fmt.Errorf("test of two registers")
		}
		t.goes("CMP $0, R%d", o[0].number)
	case "TESTB":
		if o[0].kind == immediate {
			t.goes("TST $%d, R%d", o[0].value, o[1].number)
			return nil
		}
		t.goes("TST $255, R%d", o[0].number)
	case "IMUL3Q":
		t.goes("MOVD $%d, R%d", o[0].value, spare2)
		t.goes("MUL R%d, R%d, R%d", spare2, o[1].number, o[2].number)
	case "DIVQ": // R2, the upper half of the dividend, is 0
		t.goes("UDIV R%d, R0, R%d", o[0].number, spare2)
		t.goes("MUL R%d, R%d, R%d", spare2, o[0].number, spare3)
		t.goes("SUB R%d, R0, R2", spare3)
		t.goes("MOVD R%d, R0", spare2)
	case "CMOVQLT":
		t.goes("CSEL LT, R%d, R%d, R%d", o[0].number, o[1].number, o[1].number)
	case "CMOVQGT":
		t.goes("CSEL GT, R%d, R%d, R%d", o[0].number, o[1].number, o[1].number)
	default:
		return fmt.Errorf("no translation")
	}
	return nil
}

// anyPlace spells a register or a place in memory.
func (t *translator) anyPlace(o operand) string {
	if o.kind == general {
		return fmt.Sprintf("R%d", o.number)
	}
	return t.place(o)
}

func (t *translator) move64(from, to operand) {
	switch {
	case to.kind == general && from.kind == immediate:
		t.goes("MOVD $%d, R%d", int64(from.value), to.number)
	case to.kind == general:
		t.goes("MOVD %s, R%d", t.anyPlace(from), to.number)
	case from.kind == immediate:
		t.goes("MOVD $%d, R%d", int64(from.value), spare2)
		t.goes("MOVD R%d, %s", spare2, t.place(to))
	default:
		t.goes("MOVD R%d, %s", from.number, t.place(to))
	}
}

package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A file is what a file of Go's amd64 assembly has of functions for AVX2, and the words of its tables.
type file struct {
	functions []*function
	tables    map[string][]uint32
}

// A function has a name, what stands behind it in its TEXT line, and lines.
type function struct {
	name, frame string
	lines       []line
}

// A line is a label, or an instruction with its operands in Go's order: the destination comes last.
type line struct {
	label, opcode string
	operands      []operand
}

// kind is what an operand is.
type kind int

const (
	vector    kind = iota // X and Y registers
	general               // registers for integers
	immediate             // a number
	memory                // base + index·scale + disp
	argument              // of the function: a name with an offset from FP
	symbol                // a table
	local                 // in the function's frame
	target                // a label
)

// operand is an operand.
type operand struct {
	kind   kind
	number int  // of a register; for memory, of its base
	wide   bool // Y rather than X
	index  int  // -1 for none
	scale  int
	disp   int
	value  uint64
	name   string // of an argument, symbol or label
}

// parse reads the functions whose names end with AVX2.
func parse(text string) (*file, error) {
	f := &file{tables: map[string][]uint32{}}
	var current *function
	for number, text := range strings.Split(text, "\n") {
		if err := f.line(&current, text); err != nil {
			return nil, fmt.Errorf("line %d: %w", number+1, err)
		}
	}
	return f, nil
}

func (f *file) line(current **function, text string) error {
	trimmed := strings.TrimSpace(text)
	switch {
	case strings.HasPrefix(text, "DATA "):
		return f.data(text)
	case strings.HasPrefix(text, "TEXT "):
		name, rest, _ := strings.Cut(strings.TrimPrefix(text, "TEXT ·"), "(SB), ")
		*current = nil
		if base, ok := strings.CutSuffix(name, "AVX2"); ok {
			*current = &function{name: base + "NEON", frame: rest}
			f.functions = append(f.functions, *current)
		}
	case *current == nil || trimmed == "" || strings.HasPrefix(trimmed, "//"):
	case strings.HasPrefix(text, "GLOBL "):
		*current = nil
	case strings.HasSuffix(text, ":"):
		(*current).lines = append((*current).lines, line{label: strings.TrimSuffix(text, ":")})
	default:
		opcode, rest, _ := strings.Cut(trimmed, " ")
		l := line{opcode: opcode}
		for _, part := range splitOperands(rest) {
			o, err := parseOperand(part)
			if err != nil {
				return fmt.Errorf("%s: %w", trimmed, err)
			}
			l.operands = append(l.operands, o)
		}
		(*current).lines = append((*current).lines, l)
	}
	return nil
}

// data reads a word of a table: DATA x3f800000<>+0(SB)/4, $0x3f800000.
func (f *file) data(text string) error {
	m := regexp.MustCompile(`^DATA (\w+)<>\+(\d+)\(SB\)/4, \$(\S+)$`).FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%q is no word of a table", text)
	}
	at, err := strconv.Atoi(m[2])
	if err != nil {
		return err
	}
	word, err := strconv.ParseUint(m[3], 0, 32)
	if err != nil {
		return err
	}
	words := f.tables[m[1]]
	for len(words) <= at/4 {
		words = append(words, 0)
	}
	words[at/4] = uint32(word)
	f.tables[m[1]] = words
	return nil
}

func splitOperands(text string) []string {
	if text = strings.TrimSpace(text); text == "" {
		return nil
	}
	return strings.Split(text, ", ")
}

// generals are the registers for integers, in the order of the registers that take their places.
var generals = map[string]int{"AX": 0, "CX": 1, "DX": 2, "BX": 3, "SI": 4, "DI": 5, "BP": 6, "AL": 0, "CL": 1, "DL": 2, "BL": 3, "SIB": 4, "DIB": 5, "BPB": 6}

var (
	vectorName = regexp.MustCompile(`^([XY])(\d+)$`)
	memoryForm = regexp.MustCompile(`^(-?\d*)\((\w+)\)(?:\((\w+)\*(\d)\))?$`)
	nameForm   = regexp.MustCompile(`^(\w+)\+(\d+)\(FP\)$`)
	tableForm  = regexp.MustCompile(`^(\w+)<>\+(\d+)\(SB\)$`)
	numbered   = regexp.MustCompile(`^R(\d+)B?$`)
)

func generalNumber(name string) (int, bool) {
	if n, ok := generals[name]; ok {
		return n, true
	}
	if m := numbered.FindStringSubmatch(name); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n, true
	}
	return 0, false
}

func parseOperand(text string) (operand, error) {
	if m := vectorName.FindStringSubmatch(text); m != nil {
		n, _ := strconv.Atoi(m[2])
		return operand{kind: vector, number: n, wide: m[1] == "Y"}, nil
	}
	if n, ok := generalNumber(text); ok {
		return operand{kind: general, number: n}, nil
	}
	if value, ok := strings.CutPrefix(text, "$"); ok {
		n, err := strconv.ParseInt(value, 0, 64)
		if err != nil {
			u, err := strconv.ParseUint(value, 0, 64)
			return operand{kind: immediate, value: u}, err
		}
		return operand{kind: immediate, value: uint64(n)}, nil
	}
	if m := nameForm.FindStringSubmatch(text); m != nil {
		disp, err := strconv.Atoi(m[2])
		return operand{kind: argument, name: m[1], disp: disp}, err
	}
	if m := tableForm.FindStringSubmatch(text); m != nil {
		disp, err := strconv.Atoi(m[2])
		return operand{kind: symbol, name: m[1], disp: disp}, err
	}
	if m := memoryForm.FindStringSubmatch(text); m != nil {
		o := operand{kind: memory, index: -1}
		if m[1] != "" {
			o.disp, _ = strconv.Atoi(m[1])
		}
		if m[2] == "SP" {
			o.kind = local
			return o, nil
		}
		base, ok := generalNumber(m[2])
		if !ok {
			return o, fmt.Errorf("no register %q", m[2])
		}
		o.number = base
		if m[3] != "" {
			if o.index, ok = generalNumber(m[3]); !ok {
				return o, fmt.Errorf("no register %q", m[3])
			}
			o.scale, _ = strconv.Atoi(m[4])
		}
		return o, nil
	}
	if regexp.MustCompile(`^\w+$`).MatchString(text) {
		return operand{kind: target, name: text}, nil
	}
	return operand{}, fmt.Errorf("unknown operand %q", text)
}

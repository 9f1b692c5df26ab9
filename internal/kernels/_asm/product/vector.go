package main

import (
	"strconv"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// The physical vector registers, by number.
var (
	zmm = []VecPhysical{
		Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31,
	}
	ymm = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
)

// param loads a parameter of the function into a new register.
func param(name string) GPVirtual { return Load(Param(name), GP64()).(GPVirtual) }

// base loads the address of a slice's first element.
func base(name string) GPVirtual { return Load(Param(name).Base(), GP64()).(GPVirtual) }

// floats loads a number of float32s as bytes.
func floats(name string) GPVirtual {
	r := param(name)
	SHLQ(Imm(2), r)
	return r
}

// rowPointers holds addresses of rows that lie a fixed distance apart, one
// register for every three.
type rowPointers struct {
	ld    Register
	every []GPVirtual
}

// newRowPointers points at n rows from first on. It takes over the register first.
func newRowPointers(first GPVirtual, ld Register, n int) rowPointers {
	p := rowPointers{ld: ld, every: []GPVirtual{first}}
	for i := 3; i < n; i += 3 {
		q := GP64()
		LEAQ(Mem{Base: p.every[len(p.every)-1], Index: ld, Scale: 1}, q)
		LEAQ(Mem{Base: q, Index: ld, Scale: 2}, q)
		p.every = append(p.every, q)
	}
	return p
}

// row addresses row i.
func (p rowPointers) row(i int) Mem {
	m := Mem{Base: p.every[i/3]}
	if i%3 > 0 {
		m.Index, m.Scale = p.ld, uint8(i%3)
	}
	return m
}

// advance moves all rows by a number of bytes.
func (p rowPointers) advance(bytes Op) {
	for _, r := range p.every {
		ADDQ(bytes, r)
	}
}

// choose jumps to label(n) for the n in [1, most] that r holds.
func choose(r Register, most int, label func(n int) string) {
	for n := most; n > 1; n-- {
		CMPQ(r, U8(n))
		JE(LabelRef(label(n)))
	}
	JMP(LabelRef(label(1)))
}

// numbered names labels by number.
func numbered(name string) func(n int) string {
	return func(n int) string { return name + strconv.Itoa(n) }
}

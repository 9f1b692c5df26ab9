// Command row writes the assembly that multiplies one row or a few by rows of blocks where they lie:
//
//	go run ./row -out ../row_amd64.s -stubs ../row_stub_amd64.go -pkg kernels
package main

import (
	"flag"
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
	"github.com/seahorse-ml/seahorse/internal/kernels/_asm/simd"
)

func main() {
	flag.Parse()
	ConstraintExpr("!purego")
	for _, l := range simd.Levels {
		for _, f := range []format{
			{name: "Q40", bytes: 18, at: 2, middle: 8, nibbles: true},
			{name: "Q41", bytes: 20, at: 4, nibbles: true, minimum: true},
			{name: "Q50", bytes: 22, at: 6, middle: 16, nibbles: true, fifths: 2},
			{name: "Q51", bytes: 24, at: 8, nibbles: true, minimum: true, fifths: 4},
			{name: "Q80", bytes: 34, at: 2},
		} {
			for _, rows := range []int{1, rowsOf(l)} {
				f.write(l, rows)
			}
		}
	}
	Generate()
}

// format is one of 32 numbers of 8 bits, or of 4 that lie two in a byte: the lower ones of 16 bytes, then the upper ones.
type format struct {
	name    string
	bytes   int // of a block, which begins with the scale
	at      int // of the numbers
	nibbles bool
	middle  uint32 // what is taken from the numbers
	minimum bool   // a minimum is behind the scale, and added
	fifths  int    // of the fifth bits of nibbles; 0 for none
}

// rowsOf returns the most rows that are multiplied at one time.
func rowsOf(l simd.Level) int {
	if l.Wide() {
		return 4
	}
	return 2
}

// groups is how many vectors of sums there are, so that one's addition needn't wait for its last.
const groups = 2

// product is a function that is written.
type product struct {
	format
	simd.Level
	rows        []reg.GPVirtual // addresses of every eighth row
	by          [8]reg.Register // times 1, 3, 5 and 7 the bytes from one to the next
	a, n        reg.Register
	each        int                      // rows of A
	aRow, aRow3 reg.Register             // bytes from one to the next, and three times those; nil for one row
	tables      [2]reg.VecVirtual        // of what 4 bits stand for, with AVX-512; the second for a fifth bit
	low         reg.VecVirtual           // masks 4 bits
	places      Mem                      // of the rows of a group
	sums        [][groups]reg.VecVirtual // by row of A
	scale, less [groups]Op               // of the rows in a block: registers with AVX-512
	high        [groups]Op               // their fifth bits
	local       Mem
}

// write writes the function for a format. The rows are in the lanes: of each group, squares of 4 bytes are turned so that a register has the same four of
// all its rows. So terms are added in the order in which all products add them.
func (f format) write(l simd.Level, each int) {
	p := &product{format: f, Level: l, each: each}
	name, what := "row", "a row"
	if each > 1 {
		name, what = "rows", fmt.Sprintf("%d rows", each)
	}
	name += f.name + l.Suffix
	TEXT(name, NOSPLIT, "func(halves, first int, a []float32, aRow int, b []byte, ldb int, c []float32, ldc int, bias []float32, accumulate bool)")
	Pragma("noescape")
	Doc(fmt.Sprintf("%s multiplies %s by %d rows of blocks of %s_%s, as rowProduct says.", name, what, groups*l.Lanes, f.name[:2], f.name[2:]))
	p.begin()
	ahead, bytes := GP64(), groups*l.Lanes*f.bytes
	MOVQ(p.by[1], ahead)
	IMUL3Q(U8(groups*l.Lanes), ahead, ahead)
	ADDQ(p.rows[0], ahead)
	loop, upper, done := simd.NewLabel("block"), simd.NewLabel("upper"), simd.NewLabel("done")
	first := Load(Param("first"), GP64())
	Label(loop)
	for at := 0; at < bytes; at += 64 {
		PREFETCHT0(Mem{Base: ahead, Disp: at})
	}
	ADDQ(U32(uint32(bytes)), ahead)
	for g := range groups {
		p.scales(g)
	}
	squares := p.squares(0)
	TESTQ(first, first)
	JNZ(LabelRef(upper))
	p.half(0, squares)
	DECQ(p.n)
	JZ(LabelRef(done))
	Label(upper)
	XORQ(first, first)
	if !f.nibbles {
		squares = p.squares(16)
	}
	p.half(1, squares)
	ADDQ(U32(4*32), p.a)
	for _, r := range p.rows {
		ADDQ(U32(uint32(f.bytes)), r)
	}
	DECQ(p.n)
	JNZ(LabelRef(loop))
	Label(done)
	p.end()
}

// squares returns 16 bytes of each row's numbers, from a byte of them on.
func (p *product) squares(from int) (all [groups][]reg.VecVirtual) {
	for g := range all {
		all[g] = p.turned(g, p.at+from)
	}
	return all
}

// half adds the terms of half of a block.
func (p *product) half(upper int, squares [groups][]reg.VecVirtual) {
	for j := range 4 {
		for b := range 4 {
			k := 16*upper + 4*j + b
			p.step(k, func(g int, v reg.VecVirtual) {
				if p.nibbles {
					p.nibble(v, squares[g][j], 8*b+4*upper, g, k)
				} else {
					p.signed(v, squares[g][j], 24-8*b)
				}
			})
		}
	}
}

// begin loads the parameters and zeroes the sums.
func (p *product) begin() {
	p.a, p.n = simd.Base("a"), Load(Param("halves"), GP64())
	if p.each > 1 {
		aRow, aRow3 := Load(Param("aRow"), GP64()), GP64()
		SHLQ(Imm(2), aRow)
		IMUL3Q(U8(3), aRow, aRow3)
		p.aRow, p.aRow3 = aRow, aRow3
	}
	ldb := Load(Param("ldb"), GP64())
	p.by[1] = ldb
	for _, i := range []int{3, 5, 7} {
		r := GP64()
		IMUL3Q(U8(uint8(i)), ldb, r)
		p.by[i] = r
	}
	first := simd.Base("b").(reg.GPVirtual)
	p.rows = append(p.rows, first)
	for i := 8; i < groups*p.Lanes; i += 8 {
		r := GP64()
		LEAQ(Mem{Base: p.rows[len(p.rows)-1], Index: ldb, Scale: 8}, r)
		p.rows = append(p.rows, r)
	}
	vectors := 1
	if !p.Wide() {
		vectors += 3 * groups
	}
	p.sums = make([][groups]reg.VecVirtual, p.each)
	p.local = AllocLocal(4 * p.Lanes * vectors)
	p.places = p.local
	for g := range groups {
		for i := range p.each {
			p.sums[i][g] = p.Zero()
		}
	}
	var lanes [16]uint32
	var values [2][16]uint32
	for i := range 16 {
		lanes[i] = uint32(i)
		for fifth := range values {
			values[fifth][i] = math.Float32bits(float32(i + 16*fifth - int(p.middle)))
		}
	}
	places, one := p.Reg(), XMM()
	VMOVD(ldb.(reg.GPVirtual).As32(), one)
	VPBROADCASTD(one, places)
	VPMULLD(simd.Table("laneNumbers", lanes), places, places)
	p.store(places, p.places)
	if !p.nibbles || !p.Wide() {
		return
	}
	p.tables[0] = p.Load(simd.Table("nibbles"+p.name, values[0]), nil)
	if p.fifths > 0 {
		p.tables[1] = p.Load(simd.Table("fifths"+p.name, values[1]), nil)
		p.low = p.Load(simd.Bits(15), nil)
	}
}

func (p *product) store(v reg.VecVirtual, m Mem) { VMOVUPS(v, m) }

// row addresses a row.
func (p *product) row(r, disp int) Mem {
	m := Mem{Base: p.rows[r/8], Disp: disp}
	switch r %= 8; r {
	case 0:
	case 6:
		m.Index, m.Scale = p.by[3], 2
	case 1, 2, 4:
		m.Index, m.Scale = p.by[1], uint8(r)
	default:
		m.Index, m.Scale = p.by[r], 1
	}
	return m
}

// scales unpacks the scales of a group's rows in the block, and their minima and fifth bits.
func (p *product) scales(g int) {
	words := p.words(g, 0)
	p.scale[g] = p.kept(p.halves(words), 1+g)
	if p.minimum {
		VPSRLD(Imm(16), words, words)
		p.less[g] = p.kept(p.halves(words), 1+groups+g)
	}
	if p.fifths > 0 {
		p.high[g] = p.kept(p.words(g, p.fifths), 1+2*groups+g)
	}
}

// words returns 4 bytes of each row of a group, from a byte of the block on.
func (p *product) words(g, at int) reg.VecVirtual {
	places, words := p.Load(p.places, nil), p.Zero()
	from := Mem{Base: p.rows[g*p.Lanes/8], Disp: at, Index: places, Scale: 1}
	if p.Wide() {
		all := K()
		VPCMPEQD(words, words, all)
		VPGATHERDD(from, all, words)
	} else {
		all := p.Reg()
		VPCMPEQD(words, words, all)
		VPGATHERDD(all, from, words)
	}
	return words
}

// kept returns a vector where there is room for it: with AVX2 in memory.
func (p *product) kept(v reg.VecVirtual, i int) Op {
	if p.Wide() {
		return v
	}
	m := p.local.Offset(4 * p.Lanes * i)
	p.store(v, m)
	return m
}

// halves returns the numbers of 16 bits that are the lower halves of words.
func (p *product) halves(words reg.VecVirtual) reg.VecVirtual {
	v := p.Reg()
	if p.Wide() {
		h := YMM()
		VPMOVDW(words, h)
		VCVTPH2PS(h, v)
		return v
	}
	low := p.Reg()
	VPAND(simd.Bits(0xffff), words, low)
	VPACKUSDW(low, low, low)
	VPERMQ(Imm(0b1000), low, low)
	VCVTPH2PS(low.AsX(), v)
	return v
}

// turned returns four registers: the j-th has bytes 4j to 4j+3, from disp on, of each row of a group.
func (p *product) turned(g, disp int) []reg.VecVirtual {
	var v [4]reg.VecVirtual // lane 4·L+k of the i-th: word k of row 4·L+i
	for i := range v {
		v[i] = p.Reg()
		at := func(part int) Mem { return p.row(g*p.Lanes+4*part+i, disp) }
		if !p.Wide() {
			VBROADCASTI128(at(0), v[i])
			VINSERTI128(Imm(1), at(1), v[i], v[i])
			continue
		}
		VBROADCASTI32X4(at(0), v[i])
		for part := 1; part < 4; part++ {
			VINSERTI32X4(Imm(uint64(part)), at(part), v[i], v[i])
		}
	}
	cross := func(low, high func(...Op), i, j int) {
		spare := p.Reg()
		low(v[j], v[i], spare)
		high(v[j], v[i], v[j])
		v[i] = spare
	}
	cross(VPUNPCKLDQ, VPUNPCKHDQ, 0, 1) // words 0 of rows 0, 1 and words 1; words 2 and 3
	cross(VPUNPCKLDQ, VPUNPCKHDQ, 2, 3)
	cross(VPUNPCKLQDQ, VPUNPCKHQDQ, 0, 2) // words 0 of rows 0 to 3; words 1
	cross(VPUNPCKLQDQ, VPUNPCKHQDQ, 1, 3) // words 2; words 3
	return []reg.VecVirtual{v[0], v[2], v[1], v[3]}
}

// step adds the terms of number k of all rows, to which number sets v.
func (p *product) step(k int, number func(g int, v reg.VecVirtual)) {
	var all []reg.VecVirtual
	for i := range p.each {
		if !p.Wide() {
			all = append(all, p.Reg())
			VBROADCASTSS(p.x(i, k), all[i])
		}
	}
	for g := range groups {
		v := p.Reg()
		number(g, v)
		VMULPS(p.scale[g], v, v)
		if p.minimum {
			VADDPS(p.less[g], v, v)
		}
		for i := range p.each {
			if p.Wide() {
				VFMADD231PS_BCST(p.x(i, k), v, p.sums[i][g])
			} else {
				VFMADD231PS(all[i], v, p.sums[i][g])
			}
		}
	}
}

// x addresses number k of a row of A.
func (p *product) x(row, k int) Mem {
	m := Mem{Base: p.a, Disp: 4 * k}
	switch row {
	case 0:
	case 3:
		m.Index, m.Scale = p.aRow3, 1
	default:
		m.Index, m.Scale = p.aRow, uint8(row)
	}
	return m
}

// nibble sets v to the numbers of 4 bits from a bit on, and number k's fifth bits, of a group.
func (p *product) nibble(v, from reg.VecVirtual, shift, g, k int) {
	if shift > 0 {
		VPSRLD(Imm(uint64(shift)), from, v)
		from = v
	}
	switch {
	case p.Wide() && p.fifths == 0:
		VPERMPS(p.tables[0], from, v) // which looks at 4 bits alone
		return
	case p.Wide():
		const firstWhereThird = 0xe4 // and the second elsewhere, of v, high and low
		fifth := p.fifth(g, k)
		if shift == 0 {
			VMOVDQA32(from, v)
		}
		VPTERNLOGD(Imm(firstWhereThird), p.low, fifth, v)
		VPERMI2PS(p.tables[1], p.tables[0], v) // which looks at 5 bits
		return
	case shift < 28:
		VPAND(simd.Bits(15), from, v)
	}
	if p.fifths > 0 {
		fifth := p.fifth(g, k)
		VPAND(simd.Bits(16), fifth, fifth)
		VPOR(fifth, v, v)
	}
	if p.middle > 0 {
		VPSUBD(simd.Bits(p.middle), v, v)
	}
	VCVTDQ2PS(v, v)
}

// fifth returns words whose bit 4 is the fifth bit of number k.
func (p *product) fifth(g, k int) reg.VecVirtual {
	v, from := p.Reg(), p.high[g]
	if !p.Wide() {
		VMOVDQU(from, v)
		from = v
	}
	switch {
	case k < 4:
		VPSLLD(Imm(uint64(4-k)), from, v)
	case k > 4:
		VPSRLD(Imm(uint64(k-4)), from, v)
	case p.Wide():
		VMOVDQA32(from, v)
	}
	return v
}

// signed sets v to the numbers of 8 bits that shift bits are above.
func (p *product) signed(v, from reg.VecVirtual, shift int) {
	if shift > 0 {
		VPSLLD(Imm(uint64(shift)), from, v)
		from = v
	}
	VPSRAD(Imm(24), from, v)
	VCVTDQ2PS(v, v)
}

// end adds what is to be added to the sums and writes them.
func (p *product) end() {
	bias, c := simd.Base("bias"), simd.Base("c")
	ldc, accumulate := Load(Param("ldc"), GP64()), Load(Param("accumulate"), GP8())
	SHLQ(Imm(2), ldc)
	for i := range p.each {
		add := func(from reg.Register) {
			for g := range groups {
				VADDPS(Mem{Base: from, Disp: 4 * p.Lanes * g}, p.sums[i][g], p.sums[i][g])
			}
		}
		unbiased, write := simd.NewLabel("unbiased"), simd.NewLabel("write")
		TESTQ(bias, bias)
		JZ(LabelRef(unbiased))
		add(bias)
		Label(unbiased)
		TESTB(accumulate, accumulate)
		JZ(LabelRef(write))
		add(c)
		Label(write)
		for g := range groups {
			p.store(p.sums[i][g], Mem{Base: c, Disp: 4 * p.Lanes * g})
		}
		if i+1 < p.each {
			ADDQ(ldc, c)
		}
	}
	VZEROUPPER()
	RET()
}

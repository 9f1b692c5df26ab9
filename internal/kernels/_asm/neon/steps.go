package main

// The steps of a tile of products that are unrolled, and its rows.
const (
	unrolledSteps = 4
	tileRows      = 6
)

// A step has a row of B in two registers, and a term of each row of A that multiplies it.
type step struct {
	before []line  // what it does beside
	b      [2]line // loads
	a      []operand
	sums   [][2]operand // by row
}

// steps translates unrolled steps of a tile, where lines begin with them, and returns how many lines they are. AVX2 has a load that spreads a term to all lanes, beside which
// nothing else has to be done. Here such a load takes a part of the pipes that multiply, but products by a lane of a vector take nothing, so four terms are loaded at a time.
func (t *translator) steps(lines []line) (int, error) {
	found, count := unrolled(lines)
	if count == 0 {
		return 0, nil
	}
	first := found[0].a
	const b, a = 24, 26 // the registers of B and of A, which nothing else holds beside sums
	together := first[1].index < 0
	if !together {
		for i, o := range first {
			base, disp := t.within(o, 0, 16)
			t.load(a+i, 16, base, disp)
		}
	}
	for k, s := range found {
		for _, l := range s.before {
			if err := t.line(l); err != nil {
				return 0, err
			}
		}
		ofStep := a + 2*(k%3)
		if together { // the rows' terms lie side by side
			if disp := s.a[0].disp; disp%16 == 0 {
				base, disp := t.within(s.a[0], 0, 16)
				t.load(ofStep, 16, base, disp)
			} else {
				t.loadAnywhere(ofStep, s.a[0].number, disp)
			}
			base, disp := t.within(s.a[4], 0, 8)
			t.load(ofStep+1, 8, base, disp)
		}
		for v, l := range s.b {
			base, disp := t.pairAddress(l.operands[0])
			t.loadPair(b, b+1, base, disp)
			for i := range tileRows {
				register, lane := a+i, k
				if together {
					register, lane = ofStep+i/4, i%4
				}
				for half := range 2 {
					t.multiplyLane(t.half(s.sums[i][v], half), b+half, register, lane)
				}
			}
		}
	}
	return count, nil
}

// unrolled returns the steps that lines begin with, and how many lines they are: none, unless these are all steps of a block.
func unrolled(lines []line) (steps []step, count int) {
	var s *step
	for _, l := range lines {
		switch o := l.operands; {
		case l.opcode == "VMOVUPS" && o[0].kind == memory && o[1].wide:
			if s == nil || len(s.sums) > 0 {
				steps = append(steps, step{})
				s = &steps[len(steps)-1]
				s.b[0] = l
			} else {
				s.b[1] = l
			}
		case s == nil:
			return nil, 0
		case l.opcode == "PREFETCHT1" || l.opcode == "LEAQ":
			s.before = append(s.before, l)
		case l.opcode == "VBROADCASTSS" && o[0].kind == memory:
			s.a = append(s.a, o[0])
			s.sums = append(s.sums, [2]operand{})
		case l.opcode == "VFMADD231PS" && o[0].kind == vector && len(s.sums) > 0 && s.b[1].opcode != "":
			v := 0
			if o[0] == s.b[1].operands[1] {
				v = 1
			}
			s.sums[len(s.sums)-1][v] = o[2]
		default:
			if len(steps) != unrolledSteps || len(s.sums) != tileRows {
				return nil, 0
			}
			return steps, count
		}
		count++
	}
	return nil, 0
}

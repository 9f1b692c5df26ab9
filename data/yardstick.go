package data

// Generated returns the n tokens of the generator that benchmarks share, whatever language they are written in:
// x ← (x·1664525 + 1013904223) mod 2³² from x = 1, token = ⌊x/256⌋ mod vocab.
func Generated(n, vocab int) (*Tokens, error) {
	w, err := newMemoryWriter(vocab)
	if err != nil {
		return nil, err
	}
	x := uint32(1)
	for n > 0 {
		var ids [1024]int32
		part := ids[:min(n, len(ids))]
		for i := range part {
			x = x*1664525 + 1013904223
			part[i] = int32(uint64(x>>8) % uint64(vocab))
		}
		if err := w.Append(part, true); err != nil {
			return nil, err
		}
		n -= len(part)
	}
	return w.tokens()
}

// Yardstick is the rows of a benchmark, which do not depend on any random number: row r, counted over all steps, starts at token
// r·T mod (N - T - 1). A Loader in sequential order gives them batch by batch: row b of step s is r = s·B + b.
type Yardstick struct {
	tokens *Tokens
	length int
	apart  bool
}

// NewYardstickApart returns rows of length T that have nothing to do with each other: row r is tokens r·T and those after it, and
// its last token has no target, as Hugging Face's models shift labels. Rows begin again where the tokens end, of which there must be at
// least T.
func NewYardstickApart(t *Tokens, length int) (*Yardstick, error) {
	if err := checkStream("yardstick", t, length, length); err != nil {
		return nil, err
	}
	return &Yardstick{t, length, true}, nil
}

// NewYardstick returns rows of length T. The tokens must be at least T+2.
func NewYardstick(t *Tokens, length int) (*Yardstick, error) {
	if err := checkStream("yardstick", t, length, length+2); err != nil {
		return nil, err
	}
	return &Yardstick{t, length, false}, nil
}

// starts returns the number of places where rows may start.
func (y *Yardstick) starts() int { return y.tokens.Len() - y.length - 1 }

// Len returns the number of rows after which they repeat.
func (y *Yardstick) Len() int {
	if y.apart {
		return y.tokens.Len() / y.length
	}
	a, b := y.starts(), y.length
	for b > 0 {
		a, b = b, a%b
	}
	return y.starts() / a
}

// Layout returns rows of T tokens.
func (y *Yardstick) Layout() Layout { return TokenLayout{Length: y.length}.Layout() }

// Fill writes row i, whatever jitter is.
func (y *Yardstick) Fill(row Row, i int, _ uint64) {
	if y.apart {
		y.tokens.copyIDs(row.Ints(IDs), i*y.length)
		y.tokens.copyTargets(row.Ints(Targets)[:y.length-1], i*y.length+1)
		return
	}
	fillStream(row, y.tokens, i*y.length%y.starts())
}

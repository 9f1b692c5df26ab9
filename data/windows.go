package data

import "fmt"

// Windows cuts a stream of tokens into rows of T for training, all of them full, documents crossed: the way GPT-2 was trained.
//
// Where nanoGPT draws each window at random, with some parts of the text seen twice before others are seen once, the windows
// of an epoch here lie side by side, so that each is seen once, in random order. The first of them starts at a random
// phase in [0, T), so that another epoch cuts the text elsewhere. An epoch thus leaves out fewer than T tokens at the start, and its
// last window is moved back onto its neighbour where it would reach beyond the end; all other targets are distinct.
type Windows struct {
	tokens *Tokens
	length int
}

// NewWindows returns windows of length T. The tokens must be at least T+1, and one of them must be to learn.
func NewWindows(t *Tokens, length int) (*Windows, error) {
	if err := checkStream("windows", t, length, length+1); err != nil {
		return nil, err
	}
	return &Windows{t, length}, nil
}

// Len returns the number of windows in an epoch, ⌊(N-1)/T⌋.
func (w *Windows) Len() int { return (w.tokens.Len() - 1) / w.length }

// Layout returns rows of T tokens.
func (w *Windows) Layout() Layout {
	return TokenLayout{Length: w.length, Weights: w.tokens.Weighted()}.Layout()
}

// Fill writes window i.
func (w *Windows) Fill(row Row, i int, jitter uint64) {
	start := int(jitter%uint64(w.length)) + i*w.length
	fillStream(row, w.tokens, min(start, w.tokens.Len()-1-w.length))
}

// Sequential cuts a stream of tokens into rows for evaluation: windows of T that don't overlap, so that every token but the
// first is a target once. The last window may be short, filled up with padding.
type Sequential struct {
	tokens *Tokens
	length int
}

// NewSequential returns evaluation windows of length T. The tokens must be at least two, and one of them must be to learn.
func NewSequential(t *Tokens, length int) (*Sequential, error) {
	if err := checkStream("evaluation", t, length, 2); err != nil {
		return nil, err
	}
	return &Sequential{t, length}, nil
}

// Len returns the number of windows, ⌈(N-1)/T⌉.
func (s *Sequential) Len() int { return (s.tokens.Len() - 2 + s.length) / s.length }

// Layout returns rows of T tokens. Segments tell the last window's padding from its text, for models to which a text's length matters.
func (s *Sequential) Layout() Layout {
	return TokenLayout{Length: s.length, Segments: true, Weights: s.tokens.Weighted()}.Layout()
}

// Fill writes window i, whatever jitter is.
func (s *Sequential) Fill(row Row, i int, _ uint64) {
	row.segment(0, 0, fillStream(row, s.tokens, i*s.length))
}

// fillStream writes the tokens from start on, as many as there are, and the targets that follow them. It returns their number.
func fillStream(row Row, t *Tokens, start int) int {
	ids := row.Ints(IDs)
	n := min(len(ids), t.Len()-1-start)
	t.copyIDs(ids[:n], start)
	t.copyTargets(row.Ints(Targets)[:n], start+1)
	row.weigh(t, 0, n, start+1)
	return n
}

// checkStream refuses tokens that give no row.
func checkStream(what string, t *Tokens, length, least int) error {
	if length < 1 {
		return fmt.Errorf("data: %s: length %d, expected 1 or more", what, length)
	}
	if t.Len() < least {
		return fmt.Errorf("data: %s: %d tokens are too few for a sequence length of %d, which takes %d; give more text or a smaller length",
			what, t.Len(), length, least)
	}
	if !learnable(t) {
		return fmt.Errorf("data: %s: none of %d tokens is to be learned", what, t.Len())
	}
	return nil
}

// learnable reports whether a token other than the first, which nothing comes before, is a target.
func learnable(t *Tokens) bool {
	for i := 1; i < t.Len(); i++ {
		if t.Target(i) {
			return true
		}
	}
	return false
}

package data

import "fmt"

// Labelled gives each labelled text a row of its own, filled up with padding. A class or the values of a text stand at its first
// token, where encoders look for them; classes of words at the first token of each.
type Labelled struct {
	tokens *Tokens
	length int
	values int
	types  bool
}

// NewLabelled returns rows as long as the longest text of t. A text of more than length tokens is an error; 0 sets no bound.
func NewLabelled(t *Tokens, length int) (*Labelled, error) {
	if t.Labels().Kind == "" {
		return nil, fmt.Errorf("data: labelled texts: the tokens have no labels")
	}
	if t.Documents() == 0 {
		return nil, fmt.Errorf("data: labelled texts: no documents")
	}
	longest := 0
	for d := range t.Documents() {
		lo, hi := t.Document(d)
		longest = max(longest, hi-lo)
	}
	if bounded(longest, length) < longest {
		return nil, fmt.Errorf("data: labelled texts: one has %d tokens, expected at most %d", longest, length)
	}
	return &Labelled{tokens: t, length: longest, values: t.Labels().values(), types: t.types != nil}, nil
}

// Len returns the number of texts.
func (l *Labelled) Len() int { return l.tokens.Documents() }

// Layout returns rows of T tokens, with types if there are pairs of texts and with values for a regression.
func (l *Labelled) Layout() Layout {
	return TokenLayout{Length: l.length, Values: l.values, Segments: true, Types: l.types, Weights: l.tokens.Weighted()}.Layout()
}

// Size returns how long text i is.
func (l *Labelled) Size(i int, _ string) int {
	lo, hi := l.tokens.Document(i)
	return hi - lo
}

// Fill writes row i, whatever jitter is.
func (l *Labelled) Fill(row Row, i int, _ uint64) {
	lo, hi := l.tokens.Document(i)
	n := hi - lo
	l.tokens.copyIDs(row.Ints(IDs)[:n], lo)
	row.segment(0, 0, n)
	for k, types := 0, row.Ints(Types); k < len(types) && k < n; k++ {
		types[k] = int32(bit(l.tokens.second(lo + k)))
	}
	targets := row.Ints(Targets)
	switch l.tokens.labels.Kind {
	case TokenClassification:
		for k := range n {
			targets[k] = l.tokens.class(lo + k)
		}
	case Classification:
		targets[0] = l.tokens.class(i)
	case Regression:
		targets[0] = 0
		for c, values := 0, row.Floats(Values); c < l.values; c++ {
			values[c] = l.tokens.Value(i, c)
		}
	}
	row.weigh(l.tokens, 0, n, lo)
}

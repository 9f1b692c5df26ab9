package data

import (
	"errors"
	"sync"
)

// Prefixed is a dataset whose rows begin with the same tokens, of which none is learned: those of another one are behind them.
type Prefixed struct {
	rows   Dataset
	layout Layout
	ids    []int32
	first  bool
	spare  sync.Pool // batches of one row of the inner layout
}

// NewPrefixed puts ids before each row of tokens. Rows hold one text each, or parts of a stream. With first the target of a text is at its
// first token, whichever that is, as classifiers of texts have it; so are values.
func NewPrefixed(rows Dataset, ids []int32, first bool) (*Prefixed, error) {
	inner := rows.Layout()
	if len(ids) == 0 || inner.Index(IDs) < 0 || inner.Length(TextLength) == 0 {
		return nil, errors.New("data: prefix: no ids, or rows that have no tokens")
	}
	p := &Prefixed{rows: rows, ids: ids, first: first, layout: inner.WithLength(TextLength, inner.Length(TextLength)+len(ids))}
	p.spare.New = func() any { return NewBatch(1, inner) }
	return p, nil
}

// Len returns the number of rows.
func (p *Prefixed) Len() int { return p.rows.Len() }

// Layout returns rows that are longer by the prefix.
func (p *Prefixed) Layout() Layout { return p.layout }

// Fill writes row i.
func (p *Prefixed) Fill(row Row, i int, jitter uint64) {
	batch := p.spare.Get().(*Batch)
	defer p.spare.Put(batch)
	inner := Row{batch, 0}
	inner.pad()
	p.rows.Fill(inner, i, jitter)
	n := len(p.ids)
	for _, in := range batch.Layout.Inputs {
		shift := 0
		if in.Length == TextLength {
			shift = n * in.size() / in.Shape[in.Axis]
		}
		if in.Type == Float {
			to, from := row.Floats(in.Name), inner.Floats(in.Name)
			copy(to[shift:], from)
			if p.first && shift > 0 {
				moveFirst(to, from, shift, shift/n, float32(in.Padding))
			}
			continue
		}
		to, from := row.Ints(in.Name), inner.Ints(in.Name)
		copy(to[shift:], from)
		switch {
		case in.Name == IDs:
			copy(to, p.ids)
		case in.Name == Segments:
			for k := range n {
				to[k] = from[0]
			}
		case in.Name == batch.Layout.targets() && p.first && shift > 0:
			moveFirst(to, from, shift, shift/n, int32(in.Padding))
		}
	}
}

// moveFirst puts what is at the first token of a text before the prefix too, and padding in its place.
func moveFirst[T int32 | float32](to, from []T, shift, size int, padding T) {
	copy(to, from[:size])
	for k := range size {
		to[shift+k] = padding
	}
}

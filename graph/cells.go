package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// Cells hold the keys and values of the tokens that an attention has seen, those of a text side by side. Texts of any lengths
// share them, and grow by any number of tokens each. They live outside of any trace, as a Param does.
type Cells struct {
	count, width int
	keys, values *tensor.Dense // [cells, W]
}

// NewCells makes room for count tokens, W wide: KVHeads·K. The memory is taken as it is used.
func NewCells(dt tensor.Dtype, count, width int) *Cells {
	shape := tensor.Shape{count, width}
	return &Cells{count: count, width: width, keys: newDense(dt, shape), values: newDense(dt, shape)}
}

// Copy copies the keys and values of n tokens from one cell on to those from another on; the stretches must not overlap.
func (c *Cells) Copy(to, from, n int) {
	for _, t := range []*tensor.Dense{c.keys, c.values} {
		switch d := t.Data().(type) {
		case []float32:
			copy(d[to*c.width:(to+n)*c.width], d[from*c.width:])
		case []float64:
			copy(d[to*c.width:(to+n)*c.width], d[from*c.width:])
		}
	}
}

// A TextRun is a stretch of tokens of one text in a trace of tokens of several texts.
type TextRun struct {
	Token  int // the first of them in the trace
	Tokens int // how many, at least 1
	At     int // the first one's position in its text
	Cell   int // of the text's first token
}

// TextRuns tell an attention to cells which tokens belong together. They are set before each run of a trace, in the order of its
// tokens; tokens of no run are padding.
type TextRuns struct{ List []TextRun }

// CellAttention stores the keys and values of tokens in cells and lets each token see those of its text up to itself, for q [..., H·K] and
// k, v [..., KVHeads·K] of tokens of any texts, to the shape of q. The result for a run depends on its text alone, bit by bit. Attention is
// causal; segments, prefix and bias of the configuration must be absent. Nothing is dropped, and there is no gradient.
func (g *Graph) CellAttention(q, k, v *Node, cells *Cells, runs *TextRuns, c AttentionConfig) *Node {
	if g.err != nil {
		return g.broken
	}
	fail := func(format string, args ...any) *Node {
		return g.Fail(fmt.Errorf("graph: attention to cells: "+format, args...))
	}
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	tokens, width := rowsOf(q.Shape())
	switch {
	case c.Segments != nil || c.Bias != nil || c.Prefix != 0 || c.Cross:
		return fail("segments, a bias, a prefix or another sequence, expected none of them")
	case c.Heads <= 0 || width%c.Heads != 0 || c.Heads%c.KVHeads != 0 || cells.width != width/c.Heads*c.KVHeads:
		return fail("widths %d and %d for %d heads and %d key/value heads", width, cells.width, c.Heads, c.KVHeads)
	case cells.keys.Dtype() != g.dtype:
		return fail("%v, and the cells have %v", g.dtype, cells.keys.Dtype())
	case !k.Shape().Eq(v.Shape()) || k.Shape().TotalSize() != tokens*cells.width:
		return fail("queries %v, keys %v and values %v don't fit", q.Shape(), k.Shape(), v.Shape())
	case c.Slopes != nil && len(c.Slopes) != c.Heads:
		return fail("%d slopes for %d heads", len(c.Slopes), c.Heads)
	}
	if c.Scale == 0 {
		c.Scale = 1 / math.Sqrt(float64(width/c.Heads))
	}
	return g.apply("attention to cells", &cellAttentionOp{config: c, cells: cells, runs: runs, tokens: tokens, width: width}, q.Shape().Clone(), q, k, v)
}

type cellAttentionOp struct {
	base
	config        AttentionConfig
	cells         *Cells
	runs          *TextRuns
	tokens, width int
}

// kernel returns what the kernels are told of n tokens of a text of so many.
func (o *cellAttentionOp) kernel(n, text int) kernels.AttentionConfig {
	c, w := o.config, o.cells.width
	return kernels.AttentionConfig{
		Batch: 1, Queries: n, Keys: text, Heads: c.Heads, KVHeads: c.KVHeads, HeadSize: o.width / c.Heads,
		QStride: o.width, KStride: w, VStride: w, OStride: o.width,
		Scale: c.Scale, Causal: true, Window: c.Window, SoftCap: c.SoftCap, Slopes: c.Slopes,
	}
}

func (o *cellAttentionOp) lower(c *call) func() error {
	return pick(c, lowerCellAttention[float32], lowerCellAttention[float64])(o, c)
}

func lowerCellAttention[T kernels.Float](o *cellAttentionOp, c *call) func() error {
	dst, q, k, v := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), in[T](c, 2)
	keys, values := o.cells.keys.Data().([]T), o.cells.values.Data().([]T)
	decoding := kernels.NewDecoding[T](o.kernel(1, 1))
	var texts []kernels.DecodingText
	return func() error {
		texts = texts[:0]
		used, w := 0, o.cells.width
		for _, r := range o.runs.List {
			if err := o.check(r, used); err != nil {
				return err
			}
			used = r.Token + r.Tokens
			cell := r.Cell + r.At
			copy(keys[cell*w:(cell+r.Tokens)*w], k[r.Token*w:])
			copy(values[cell*w:(cell+r.Tokens)*w], v[r.Token*w:])
			if r.Tokens == 1 {
				texts = append(texts, kernels.DecodingText{Query: r.Token, Key: r.Cell, Keys: r.At + 1})
			}
		}
		clear(dst[used*o.width : o.tokens*o.width])
		if len(texts) > 0 {
			decoding.Forward(dst, q, keys, values, texts)
		}
		for _, r := range o.runs.List {
			if r.Tokens > 1 {
				at := r.Token * o.width
				kernels.NewAttention[T](o.kernel(r.Tokens, r.At+r.Tokens)).Forward(dst[at:], nil, q[at:], keys[r.Cell*w:], values[r.Cell*w:], kernels.AttentionMask[T]{})
			}
		}
		return nil
	}
}

// check tells what is wrong with a run before which so many tokens are in runs, or nil.
func (o *cellAttentionOp) check(r TextRun, used int) error {
	if r.Token != used || r.Tokens <= 0 || r.Tokens > o.tokens-r.Token || r.At < 0 || r.Cell < 0 || r.Cell+r.At+r.Tokens > o.cells.count {
		return fmt.Errorf("run %+v behind %d of %d tokens and in %d cells", r, used, o.tokens, o.cells.count)
	}
	return nil
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// RotaryConfig configures Graph.Rotary.
type RotaryConfig struct {
	HeadSize    int  // K, > 0
	Interleaved bool // pairs are neighbours (2i, 2i+1); default halves (i, i+R/2)
	Heads       int  // only this many heads, from the first, are turned; 0 means all
}

// Rotary turns pairs of elements of each head of x [B, T, H·K] by their
// position's angles (Su et al., 2021). cos and sin are [at least T, R/2], one row for each
// position from 0 on, or [B, T, R/2], one for each token; the first R elements of a head
// are turned, the others stay.
func (g *Graph) Rotary(x, cos, sin *Node, c RotaryConfig) *Node {
	b, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	cs := cos.Shape()
	if c.HeadSize <= 0 || d%c.HeadSize != 0 {
		return g.Fail(fmt.Errorf("graph: rotary: width %d is not divisible by a head size of %d", d, c.HeadSize))
	}
	_, half := rowsOf(cs)
	shared := cs.Dims() == 2 && cs[0] >= t
	if !shared && !cs.Eq(tensor.Shape{b, t, half}) || !cs.Eq(sin.Shape()) || 2*half > c.HeadSize {
		return g.Fail(fmt.Errorf("graph: rotary: tables %v and %v, expected [at least %d, at most %d] or one row for each of %v", cs, sin.Shape(), t, c.HeadSize/2, x.Shape()[:2]))
	}
	if c.Heads == 0 {
		c.Heads = d / c.HeadSize
	}
	if c.Heads < 0 || c.Heads > d/c.HeadSize {
		return g.Fail(fmt.Errorf("graph: rotary: %d heads to turn of %d", c.Heads, d/c.HeadSize))
	}
	op := &rotaryOp{config: c, rot: 2 * half, length: t, width: d}
	if !shared {
		op.length = b * t
	}
	return g.apply("rotary", op, x.Shape().Clone(), x, cos, sin)
}

type rotaryOp struct {
	base
	config     RotaryConfig
	rot, width int
	length     int // rows of the tables that are used, T or B·T
	inverse    bool
}

func (o *rotaryOp) inPlace(_, i int) bool { return i == 0 }
func (o *rotaryOp) DiffWRT(int) []bool    { return []bool{true, false, false} }

func (o *rotaryOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &rotaryOp{config: o.config, rot: o.rot, length: o.length, width: o.width, inverse: !o.inverse}
	return gorgonia.Nodes{o.g.apply("rotary backward", back, grad.Shape().Clone(), grad, in[1], in[2]), nil, nil}, o.g.err
}

func (o *rotaryOp) lower(c *call) func() error {
	return pick(c, lowerRotary[float32], lowerRotary[float64])(o, c)
}

func lowerRotary[T kernels.Float](o *rotaryOp, c *call) func() error {
	dst, x, cos, sin := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), in[T](c, 2)
	d, half, turned := o.width, o.rot/2, o.config.Heads*o.config.HeadSize
	run := spread(len(dst)/d, rowGrain(d), func(lo, hi int) {
		for row := lo; row < hi; row++ {
			t, to, from := row%o.length, dst[row*d:(row+1)*d], x[row*d:(row+1)*d]
			kernels.Rotary(to[:turned], from[:turned], cos[t*half:(t+1)*half], sin[t*half:(t+1)*half],
				o.config.Heads, o.config.HeadSize, o.rot, o.config.Interleaved, o.inverse)
			copy(to[turned:], from[turned:])
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// RotaryConfig configures Graph.Rotary.
type RotaryConfig struct {
	HeadSize    int  // K, > 0
	Interleaved bool // pairs are neighbours (2i, 2i+1); default halves (i, i+R/2)
}

// Rotary turns pairs of elements of each head of x [B, T, H·K] by their
// position's angles (Su et al., 2021). cos and sin are [at least T, R/2]; the first R
// elements of a head are turned, the others stay.
func (g *Graph) Rotary(x, cos, sin *Node, c RotaryConfig) *Node {
	_, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	cs := cos.Shape()
	if c.HeadSize <= 0 || d%c.HeadSize != 0 {
		return g.Fail(fmt.Errorf("graph: rotary: width %d is not divisible by a head size of %d", d, c.HeadSize))
	}
	if cs.Dims() != 2 || !cs.Eq(sin.Shape()) || cs[0] < t || 2*cs[1] > c.HeadSize {
		return g.Fail(fmt.Errorf("graph: rotary: tables %v and %v, expected [at least %d, at most %d]", cs, sin.Shape(), t, c.HeadSize/2))
	}
	op := &rotaryOp{config: c, rot: 2 * cs[1], length: t, width: d}
	return g.apply("rotary", op, x.Shape().Clone(), x, cos, sin)
}

type rotaryOp struct {
	base
	config             RotaryConfig
	rot, length, width int
	inverse            bool
}

func (o *rotaryOp) inPlace(i int) bool { return i == 0 }
func (o *rotaryOp) DiffWRT(int) []bool { return []bool{true, false, false} }

func (o *rotaryOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &rotaryOp{config: o.config, rot: o.rot, length: o.length, width: o.width, inverse: !o.inverse}
	return gorgonia.Nodes{o.g.apply("rotary backward", back, grad.Shape().Clone(), grad, in[1], in[2]), nil, nil}, o.g.err
}

func (o *rotaryOp) lower(c *call) func() error {
	return pick(c, lowerRotary[float32], lowerRotary[float64])(o, c)
}

func lowerRotary[T kernels.Float](o *rotaryOp, c *call) func() error {
	dst, x, cos, sin := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), in[T](c, 2)
	d, half := o.width, o.rot/2
	run := spread(len(dst)/d, rowGrain(d), func(lo, hi int) {
		for row := lo; row < hi; row++ {
			t := row % o.length
			kernels.Rotary(dst[row*d:(row+1)*d], x[row*d:(row+1)*d], cos[t*half:(t+1)*half], sin[t*half:(t+1)*half],
				d/o.config.HeadSize, o.config.HeadSize, o.rot, o.config.Interleaved, o.inverse)
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Dropout sets each element to 0 with probability p, in [0, 1), and divides the
// others by 1-p (Srivastava et al., 2014), in a trace for training; otherwise it
// returns x. The random numbers follow from the machine's Random and the place in the
// trace, so that a step can be repeated exactly.
func (g *Graph) Dropout(x *Node, p float64) *Node {
	if g.err != nil {
		return g.broken
	}
	if p < 0 || p >= 1 {
		return g.Fail(fmt.Errorf("graph: dropout: probability %g, expected [0, 1)", p))
	}
	if !g.Training() || p == 0 {
		return x
	}
	return g.apply("dropout", &dropoutOp{p: p, stream: g.lastID + 1}, x.Shape().Clone(), x)
}

// dropoutOp is its own derivative: the gradient is dropped by the same numbers.
type dropoutOp struct {
	base
	p      float64
	stream uint64
}

func (o *dropoutOp) inPlace(_, _ int) bool    { return true }
func (o *dropoutOp) recompute(lean bool) bool { return lean }
func (o *dropoutOp) DiffWRT(int) []bool       { return []bool{true} }

func (o *dropoutOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	same := &dropoutOp{p: o.p, stream: o.stream}
	return gorgonia.Nodes{o.g.apply("dropout backward", same, grad.Shape().Clone(), grad)}, o.g.err
}

func (o *dropoutOp) lower(c *call) func() error {
	return pick(c, lowerDropout[float32], lowerDropout[float64])(o, c)
}

func lowerDropout[T kernels.Float](o *dropoutOp, c *call) func() error {
	dst, x, random := out[T](c, 0).data, in[T](c, 0), c.random
	run := spread(len(dst), elementGrain, func(lo, hi int) {
		kernels.Dropout(dst[lo:hi], x[lo:hi], o.p, random.Seed, random.stream(o.stream), uint64(lo))
	})
	return func() error { run(); return nil }
}

// stream returns the stream of random numbers that an operation draws from in this step.
func (r *Random) stream(operation uint64) uint64 {
	const streams = 1 << 24 // a step, more than a trace has nodes
	return r.Step*streams + operation
}

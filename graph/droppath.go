package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"github.com/seahorse-ml/seahorse/internal/random"
	"gorgonia.org/gorgonia"
)

// DropPath sets whole sequences of x [B, ...] to 0 with probability p, in [0, 1), and
// divides the others by 1-p (Huang et al., 2016), in a trace for training; otherwise it
// returns x. It draws as Dropout does.
func (g *Graph) DropPath(x *Node, p float64) *Node {
	if g.err != nil {
		return g.broken
	}
	if p < 0 || p >= 1 {
		return g.Fail(fmt.Errorf("graph: drop path: probability %g, expected [0, 1)", p))
	}
	if !g.Training() || p == 0 {
		return x
	}
	return g.apply("drop path", &dropPathOp{p: p, stream: g.lastID + 1, batch: x.Shape()[0]}, x.Shape().Clone(), x)
}

// dropPathOp is its own derivative: the gradient is dropped by the same numbers.
type dropPathOp struct {
	base
	p      float64
	stream uint64
	batch  int
}

func (o *dropPathOp) inPlace(_, _ int) bool { return true }
func (o *dropPathOp) DiffWRT(int) []bool    { return []bool{true} }

func (o *dropPathOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	same := &dropPathOp{p: o.p, stream: o.stream, batch: o.batch}
	return gorgonia.Nodes{o.g.apply("drop path backward", same, grad.Shape().Clone(), grad)}, o.g.err
}

func (o *dropPathOp) lower(c *call) func() error {
	return pick(c, lowerDropPath[float32], lowerDropPath[float64])(o, c)
}

func lowerDropPath[T kernels.Float](o *dropPathOp, c *call) func() error {
	dst, x, r := out[T](c, 0).data, in[T](c, 0), c.random
	size := len(dst) / o.batch
	run := spread(o.batch, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			factor := 1 / (1 - o.p)
			if random.Float64(r.Seed, r.stream(o.stream), uint64(b)) < o.p {
				factor = 0
			}
			kernels.Scale(dst[b*size:(b+1)*size], x[b*size:(b+1)*size], T(factor))
		}
	})
	return func() error { run(); return nil }
}

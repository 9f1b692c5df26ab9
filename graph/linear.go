package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// LinearConfig configures Graph.Linear.
type LinearConfig struct {
	InOut bool // the weight is stored [In, Out], as GPT-2's Conv1D does; default [Out, In]
}

// Linear returns x·Wᵀ + b for x [..., In], w [Out, In] and b [Out], which may be nil.
func (g *Graph) Linear(x, w, b *Node, c LinearConfig) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, in := rowsOf(x.Shape())
	ws := w.Shape()
	if ws.Dims() != 2 {
		return g.Fail(fmt.Errorf("graph: linear: weight of shape %v, expected two dimensions", ws))
	}
	out, wIn := ws[0], ws[1]
	if c.InOut {
		out, wIn = wIn, out
	}
	if wIn != in {
		return g.Fail(fmt.Errorf("graph: linear: input %v has width %d, the weight takes %d", x.Shape(), in, wIn))
	}
	inputs := []*Node{x, w}
	if b != nil {
		if s := b.Shape(); s.Dims() != 1 || s[0] != out {
			return g.Fail(fmt.Errorf("graph: linear: bias of shape %v, expected [%d]", s, out))
		}
		inputs = append(inputs, b)
	}
	op := &linearOp{productOp: productOp{shape: kernels.ProductConfig{M: rows, N: out, K: in, TransB: !c.InOut}}}
	return g.apply("linear", op, withLast(x.Shape(), out), inputs...)
}

// productOp is C = op(A)·op(B) + bias: inputs A, B and maybe the bias [N].
type productOp struct {
	base
	shape kernels.ProductConfig
}

func (o *productOp) accumulates(int) bool { return len(o.ins) == 2 }

func (o *productOp) flops() float64 {
	return 2 * float64(o.shape.M) * float64(o.shape.N) * float64(o.shape.K)
}

func (o *productOp) lower(c *call) func() error {
	return pick(c, lowerProduct[float32], lowerProduct[float64])(o, c)
}

func lowerProduct[T kernels.Float](o *productOp, c *call) func() error {
	dst, a, b := out[T](c, 0), in[T](c, 0), in[T](c, 1)
	var bias []T
	if len(c.ins) > 2 {
		bias = in[T](c, 2)
	}
	product := kernels.NewProduct[T](o.shape)
	return func() error {
		product.Run(dst.data, a, b, kernels.Epilogue[T]{Accumulate: dst.add(), Bias: bias})
		return nil
	}
}

// linearOp is a productOp that knows its derivative.
type linearOp struct{ productOp }

func (o *linearOp) DiffWRT(inputs int) []bool {
	return []bool{true, true, true}[:inputs]
}

func (o *linearOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	g, s := o.g, o.shape
	inOut := !s.TransB
	x, w := in[0], in[1]
	dx := g.product(kernels.ProductConfig{M: s.M, N: s.K, K: s.N, TransB: inOut}, x.Shape().Clone(), grad, w)
	var dw *Node
	if inOut {
		dw = g.product(kernels.ProductConfig{M: s.K, N: s.N, K: s.M, TransA: true}, w.Shape().Clone(), x, grad)
	} else {
		dw = g.product(kernels.ProductConfig{M: s.N, N: s.K, K: s.M, TransA: true}, w.Shape().Clone(), grad, x)
	}
	grads := gorgonia.Nodes{dx, dw}
	if len(in) > 2 {
		grads = append(grads, g.apply("bias backward", &columnSumOp{rows: s.M, cols: s.N}, in[2].Shape().Clone(), grad))
	}
	return grads, g.err
}

// product returns op(a)·op(b) as a node that isn't differentiated further.
func (g *Graph) product(c kernels.ProductConfig, shape tensor.Shape, a, b *Node) *Node {
	return g.apply("linear backward", &productOp{shape: c}, shape, a, b)
}

// columnSumOp sums a matrix over its rows.
type columnSumOp struct {
	base
	rows, cols int
}

func (o *columnSumOp) accumulates(int) bool { return true }

func (o *columnSumOp) lower(c *call) func() error {
	return pick(c, lowerColumnSum[float32], lowerColumnSum[float64])(o, c)
}

func lowerColumnSum[T kernels.Float](o *columnSumOp, c *call) func() error {
	const grain = 64 // columns
	dst, x := out[T](c, 0), in[T](c, 0)
	run := spread(o.cols, grain, func(lo, hi int) {
		kernels.ColumnSum(dst.data, x, o.rows, o.cols, lo, hi, dst.add())
	})
	return func() error { run(); return nil }
}

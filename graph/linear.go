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
	op := &linearOp{productOp: productOp{shape: kernels.ProductConfig{M: rows, N: out, K: in, TransB: !c.InOut, BFloat16: g.bfloat16}}}
	return g.apply("linear", op, withLast(x.Shape(), out), inputs...)
}

// productOp is C = op(A)·op(B) + bias: inputs A, B and maybe the bias [N].
type productOp struct {
	base
	shape kernels.ProductConfig
}

func (o *productOp) accumulates(int) bool { return len(o.ins) == 2 }
func (o *productOp) adds()                {}
func (o *productOp) unpacks(i int) bool   { return i == 1 }

func (o *productOp) flops() float64 {
	return 2 * float64(o.shape.M) * float64(o.shape.N) * float64(o.shape.K)
}

func (o *productOp) lower(c *call) func() error {
	return pick(c, lowerProduct[float32], lowerProduct[float64])(o, c)
}

func lowerProduct[T kernels.Float](o *productOp, c *call) func() error {
	dst, a, b, add := out[T](c, 0), in[T](c, 0), in[T](c, 1), addend[T](c)
	var bias []T
	if len(c.ins) > 2 {
		bias = in[T](c, 2)
	}
	product, packed := kernels.NewProduct[T](o.shape), c.ins[1].packed
	return func() error {
		if packed.Data != nil {
			product.RunPacked(dst.data, a, packed, kernels.Epilogue[T]{Accumulate: dst.add(), Bias: bias, Add: add})
			return nil
		}
		product.Run(dst.data, a, b, kernels.Epilogue[T]{Accumulate: dst.add(), Bias: bias, Add: add})
		return nil
	}
}

// linearOp is a productOp that knows its derivative.
type linearOp struct{ productOp }

// recompute is for lean traces, of a projection into few features, such as the first of a low-rank adapter: there are enough of them to fill memory, and each
// costs little beside what reads it.
func (o *linearOp) recompute(lean bool) bool {
	const few = 16 // times as many features go in
	return lean && few*o.shape.N <= o.shape.K
}

func (o *linearOp) DiffWRT(inputs int) []bool {
	return []bool{true, true, true}[:inputs]
}

func (o *linearOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	g, s := o.g, o.shape
	inOut := !s.TransB
	x, w := in[0], in[1]
	dx := g.apply("linear backward", &productOp{shape: kernels.ProductConfig{M: s.M, N: s.K, K: s.N, TransB: inOut, BFloat16: s.BFloat16}}, x.Shape().Clone(), grad, w)
	op := &weightGradOp{rows: s.M, gradFirst: !inOut}
	outs := []tensor.Shape{w.Shape().Clone()}
	inputs := []*Node{x, grad}
	if op.gradFirst {
		inputs = []*Node{grad, x}
	}
	if len(in) == 2 {
		return gorgonia.Nodes{dx, g.apply("linear backward", op, outs[0], inputs...)}, g.err
	}
	outs = append(outs, in[2].Shape().Clone())
	return append(gorgonia.Nodes{dx}, g.applyTuple("linear backward", op, outs, inputs...)...), g.err
}

// weightGradOp is the gradient Aᵀ·B of a weight, of two inputs with so many rows, and maybe that of the bias: the sums of
// the columns of that input which is the gradient of the result, the first or the second.
type weightGradOp struct {
	base
	rows      int
	gradFirst bool
}

func (o *weightGradOp) accumulates(int) bool { return true }

func (o *weightGradOp) flops() float64 {
	return 2 * float64(o.rows) * float64(o.outs[0].TotalSize())
}

func (o *weightGradOp) lower(c *call) func() error {
	return pick(c, lowerWeightGrad[float32], lowerWeightGrad[float64])(o, c)
}

func lowerWeightGrad[T kernels.Float](o *weightGradOp, c *call) func() error {
	dw, a, b := out[T](c, 0), in[T](c, 0), in[T](c, 1)
	var db output[T]
	if len(o.outs) > 1 {
		db = out[T](c, 1)
	}
	if dw.data == nil { // the weight is frozen
		grad := b
		if o.gradFirst {
			grad = a
		}
		return lowerColumnSum(db, grad, o.rows, o.outs[1][0])
	}
	product := kernels.NewProduct[T](kernels.ProductConfig{M: o.outs[0][0], N: o.outs[0][1], K: o.rows, TransA: true, BFloat16: o.g.bfloat16})
	return func() error {
		e := kernels.Epilogue[T]{Accumulate: dw.add(), AccumulateSums: db.add()}
		if o.gradFirst {
			e.SumA = db.data
		} else {
			e.SumB = db.data
		}
		product.Run(dw.data, a, b, e)
		return nil
	}
}

// lowerColumnSum sums x [rows, cols] over its rows.
func lowerColumnSum[T kernels.Float](dst output[T], x []T, rows, cols int) func() error {
	const grain = 64 // columns
	run := spread(cols, grain, func(lo, hi int) {
		kernels.ColumnSum(dst.data, x, rows, cols, lo, hi, dst.add())
	})
	return func() error { run(); return nil }
}

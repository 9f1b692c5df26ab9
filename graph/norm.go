package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// LayerNorm normalises the last dimension D of x to mean 0 and variance 1,
// multiplies by w [D] and adds b [D] (Ba et al., 2016). b may be nil; w too, then without b.
func (g *Graph) LayerNorm(x, w, b *Node, eps float64) *Node {
	if b != nil && w == nil {
		return g.Fail(fmt.Errorf("graph: layer norm: a bias needs a weight"))
	}
	return g.norm("layer norm", normOp{eps: eps, centred: true}, x, w, b)
}

// RMSNorm divides x by the root mean square of its last dimension D and
// multiplies by w + offset, w [D] (Zhang and Sennrich, 2019). The offset is 0, or 1 where
// weights are stored as their difference from 1.
func (g *Graph) RMSNorm(x, w *Node, eps, offset float64) *Node {
	return g.norm("rms norm", normOp{eps: eps, offset: offset}, x, w, nil)
}

func (g *Graph) norm(name string, op normOp, x, w, b *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	op.rows, op.cols = rowsOf(x.Shape())
	inputs := []*Node{x}
	for _, p := range []*Node{w, b} {
		if p == nil {
			continue
		}
		if s := p.Shape(); s.Dims() != 1 || s[0] != op.cols {
			return g.Fail(fmt.Errorf("graph: %s: parameter of shape %v, expected [%d]", name, s, op.cols))
		}
		inputs = append(inputs, p)
	}
	outs := []tensor.Shape{x.Shape().Clone(), {op.rows}}
	if op.centred {
		outs = append(outs, tensor.Shape{op.rows})
	}
	self := &op
	self.parts = g.applyTuple(name, self, outs, inputs...)
	return self.parts[0]
}

// normOp is LayerNorm, or RMSNorm where it isn't centred. Inputs x, and maybe w
// and b; outputs y, the reciprocal standard deviations, and maybe the means.
type normOp struct {
	base
	rows, cols  int
	eps, offset float64
	centred     bool
	parts       []*Node
}

func (o *normOp) recompute(bool) bool { return true }

func (o *normOp) DiffWRT(inputs int) []bool { return []bool{true, true, true}[:inputs] }

func (o *normOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	outs := make([]tensor.Shape, len(in))
	for i, n := range in {
		outs[i] = n.Shape().Clone()
	}
	inputs := append([]*Node{grad, in[0]}, o.parts[1:]...)
	inputs = append(inputs, in[1:]...)
	op := &normGradOp{norm: o, params: len(in) - 1}
	if len(outs) == 1 {
		return gorgonia.Nodes{o.g.apply(o.name+" backward", op, outs[0], inputs...)}, o.g.err
	}
	return o.g.applyTuple(o.name+" backward", op, outs, inputs...), o.g.err
}

func (o *normOp) lower(c *call) func() error {
	return pick(c, lowerNorm[float32], lowerNorm[float64])(o, c)
}

func lowerNorm[T kernels.Float](o *normOp, c *call) func() error {
	y, x := out[T](c, 0).data, in[T](c, 0)
	rstd := orSpare(out[T](c, 1).data, o.rows)
	var mean, w, b []T
	if o.centred {
		mean = orSpare(out[T](c, 2).data, o.rows)
	}
	if len(c.ins) > 1 {
		w = in[T](c, 1)
	}
	if len(c.ins) > 2 {
		b = in[T](c, 2)
	}
	d, past := o.cols, kernels.Streams(y, x)
	run := spread(o.rows, rowGrain(d), func(lo, hi int) {
		if o.centred {
			kernels.LayerNorm(y[lo*d:hi*d], mean[lo:hi], rstd[lo:hi], x[lo*d:hi*d], w, b, hi-lo, d, o.eps, past)
		} else {
			kernels.RMSNorm(y[lo*d:hi*d], rstd[lo:hi], x[lo*d:hi*d], w, hi-lo, d, o.eps, o.offset, past)
		}
	})
	return func() error { run(); return nil }
}

// normGradOp is the derivative of a normOp. Inputs dy, x, rstd, maybe the
// means, and the parameters; outputs dx and the parameters' gradients.
type normGradOp struct {
	base
	norm   *normOp
	params int
}

func (o *normGradOp) accumulates(int) bool { return true }

// pieces is how many parts the rows are summed in before the parts are summed.
func (o *normGradOp) pieces() int { return min(o.norm.rows, 32) }

func (o *normGradOp) scratch([]bool) int { return o.pieces() * o.params * o.norm.cols }

func (o *normGradOp) lower(c *call) func() error {
	return pick(c, lowerNormGrad[float32], lowerNormGrad[float64])(o, c)
}

func lowerNormGrad[T kernels.Float](o *normGradOp, c *call) func() error {
	n, d := o.norm, o.norm.cols
	dy, x, rstd := in[T](c, 0), in[T](c, 1), in[T](c, 2)
	rest := 3
	var mean, w []T
	if n.centred {
		mean = in[T](c, 3)
		rest++
	}
	if o.params > 0 {
		w = in[T](c, rest)
	}
	dx := out[T](c, 0)
	past := kernels.StreamsShared[T](len(dx.data))
	sums := scratch[T](c)
	pieces, params := o.pieces(), o.params
	grain := (n.rows + pieces - 1) / pieces
	run := spread(n.rows, grain, func(lo, hi int) {
		sum := func(param int) []T { // this piece's sum for a parameter; nil for a frozen one
			if param >= params || out[T](c, 1+param).data == nil {
				return nil
			}
			part := sums[(param*pieces+lo/grain)*d:][:d]
			clear(part)
			return part
		}
		dw, db := sum(0), sum(1)
		var dxRows []T
		if dx.data != nil {
			dxRows = dx.data[lo*d : hi*d]
		}
		if n.centred {
			kernels.LayerNormGrad(dxRows, dw, db, dy[lo*d:hi*d], x[lo*d:hi*d], w, mean[lo:hi], rstd[lo:hi], hi-lo, d, dx.add(), past)
		} else {
			kernels.RMSNormGrad(dxRows, dw, dy[lo*d:hi*d], x[lo*d:hi*d], w, rstd[lo:hi], hi-lo, d, n.offset, dx.add(), past)
		}
	})
	used := (n.rows + grain - 1) / grain
	return func() error {
		run()
		for i := range params {
			total := out[T](c, 1+i)
			if total.data != nil {
				kernels.ColumnSum(total.data, sums[i*pieces*d:], used, d, 0, d, total.add())
			}
		}
		return nil
	}
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// ScaleColumns multiplies each column of x [..., D] by its element of s [D] and adds that of b [D], which may be nil.
func (g *Graph) ScaleColumns(x, s, b *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(x.Shape())
	inputs := []*Node{x, s}
	if b != nil {
		inputs = append(inputs, b)
	}
	for _, v := range inputs[1:] {
		if !v.Shape().Eq(tensor.Shape{cols}) {
			return g.Fail(fmt.Errorf("graph: scale columns: factors or a bias %v for the columns of %v", v.Shape(), x.Shape()))
		}
	}
	return g.apply("scale columns", &scaleColumnsOp{rows: rows, cols: cols}, x.Shape().Clone(), inputs...)
}

// scaleColumnsOp has the inputs x, s and maybe b.
type scaleColumnsOp struct {
	base
	rows, cols int
}

func (o *scaleColumnsOp) inPlace(_, i int) bool     { return i == 0 }
func (o *scaleColumnsOp) DiffWRT(inputs int) []bool { return []bool{true, true, true}[:inputs] }

func (o *scaleColumnsOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	g := o.g
	grads := gorgonia.Nodes{
		g.ScaleColumns(grad, in[1], nil),
		g.apply("scale columns backward", &columnDotsOp{rows: o.rows, cols: o.cols}, in[1].Shape().Clone(), grad, in[0]),
	}
	if len(in) > 2 {
		grads = append(grads, g.apply("scale columns backward", &columnDotsOp{rows: o.rows, cols: o.cols}, in[2].Shape().Clone(), grad))
	}
	return grads, g.err
}

func (o *scaleColumnsOp) lower(c *call) func() error {
	return pick(c, lowerScaleColumns[float32], lowerScaleColumns[float64])(o, c)
}

func lowerScaleColumns[T kernels.Float](o *scaleColumnsOp, c *call) func() error {
	dst, x, s, d := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), o.cols
	var b []T
	if len(c.ins) > 2 {
		b = in[T](c, 2)
	}
	run := spread(o.rows, rowGrain(d), func(lo, hi int) {
		for i := lo * d; i < hi*d; i += d {
			kernels.Mul(dst[i:i+d], x[i:i+d], s)
			if b != nil {
				kernels.Accumulate(dst[i:i+d], b)
			}
		}
	})
	return func() error { run(); return nil }
}

// columnDotsOp sums the columns of x [rows, cols], multiplied element by element by those of y if there is a second input.
type columnDotsOp struct {
	base
	rows, cols int
}

func (o *columnDotsOp) accumulates(int) bool { return true }

func (o *columnDotsOp) lower(c *call) func() error {
	return pick(c, lowerColumnDots[float32], lowerColumnDots[float64])(o, c)
}

func lowerColumnDots[T kernels.Float](o *columnDotsOp, c *call) func() error {
	dst, x := out[T](c, 0), in[T](c, 0)
	if len(c.ins) < 2 {
		return lowerColumnSum(dst, x, o.rows, o.cols)
	}
	const grain = 256 // columns: each is summed by one worker, in the order of the rows
	y, d := in[T](c, 1), o.cols
	run := spread(d, grain, func(lo, hi int) {
		sum := dst.data[lo:hi]
		if !dst.add() {
			clear(sum)
		}
		for r := range o.rows {
			a, b := x[r*d+lo:r*d+hi], y[r*d+lo:r*d+hi]
			for i := range sum {
				sum[i] += a[i] * b[i]
			}
		}
	})
	return func() error { run(); return nil }
}

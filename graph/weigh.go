package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Weigh multiplies each row of x [..., D] by its element in one column of weights
// [..., E], which has as many rows; weights [rows] are one column.
func (g *Graph) Weigh(x, weights *Node, column int) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(x.Shape())
	wRows, wCols := rowsOf(weights.Shape())
	if weights.Shape().Dims() == 1 {
		wRows, wCols = wCols, 1
	}
	if rows != wRows || column < 0 || column >= wCols {
		return g.Fail(fmt.Errorf("graph: weigh: column %d of %v for the rows of %v", column, weights.Shape(), x.Shape()))
	}
	return g.apply("weigh", &weighOp{rows: rows, cols: cols, columns: wCols, column: column}, x.Shape().Clone(), x, weights)
}

type weighOp struct {
	base
	rows, cols, columns, column int
}

func (o *weighOp) DiffWRT(int) []bool { return []bool{true, true} }

func (o *weighOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	outs := []tensor.Shape{in[0].Shape().Clone(), in[1].Shape().Clone()}
	return o.g.applyTuple("weigh backward", &weighGradOp{forward: o}, outs, in[0], in[1], grad), o.g.err
}

func (o *weighOp) lower(c *call) func() error {
	return pick(c, lowerWeigh[float32], lowerWeigh[float64])(o, c)
}

func lowerWeigh[T kernels.Float](o *weighOp, c *call) func() error {
	dst, x, w, d := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), o.cols
	run := spread(o.rows, rowGrain(d), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			kernels.Scale(dst[r*d:(r+1)*d], x[r*d:(r+1)*d], w[r*o.columns+o.column])
		}
	})
	return func() error { run(); return nil }
}

// weighGradOp has the inputs x, weights and the gradient, and the gradients of x and
// of the weights as outputs.
type weighGradOp struct {
	base
	forward *weighOp
}

func (o *weighGradOp) accumulates(i int) bool { return i == 1 }

func (o *weighGradOp) lower(c *call) func() error {
	return pick(c, lowerWeighGrad[float32], lowerWeighGrad[float64])(o, c)
}

func lowerWeighGrad[T kernels.Float](o *weighGradOp, c *call) func() error {
	f := o.forward
	x, w, dy, d := in[T](c, 0), in[T](c, 1), in[T](c, 2), f.cols
	dx, dw := orSpare(out[T](c, 0).data, len(x)), out[T](c, 1)
	run := spread(f.rows, rowGrain(d), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			at := r*f.columns + f.column
			kernels.Scale(dx[r*d:(r+1)*d], dy[r*d:(r+1)*d], w[at])
			if dw.data != nil {
				if !dw.add() {
					clear(dw.data[r*f.columns : (r+1)*f.columns])
				}
				dw.data[at] += kernels.Dot(dy[r*d:(r+1)*d], x[r*d:(r+1)*d])
			}
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// SquaredErrorConfig configures Graph.SquaredError.
type SquaredErrorConfig struct {
	// Targets int32 tells which rows count: those whose target is not negative. Nil
	// counts all.
	Targets *Node
	// Weights [rows] multiply the errors of rows in the sum, ≥ 0; the errors of rows are told without. Nil counts each once. The mean is then over
	// the sum of the weights of the rows that count.
	Weights *Node
	// Scale [1] multiplies the sum of the rows' errors. Nil means one over the
	// number of rows that count, the mean.
	Scale *Node
}

// SquaredError is the mean of (x - values)² over the last dimension, for x and
// values [..., C] of one shape. It returns the loss, a scalar, and the error of each
// row (0 where it doesn't count).
func (g *Graph) SquaredError(x, values *Node, c SquaredErrorConfig) (loss, rowLosses *Node) {
	if g.err != nil {
		return g.broken, g.broken
	}
	fail := func(format string, args ...any) (*Node, *Node) {
		n := g.Fail(fmt.Errorf("graph: squared error: "+format, args...))
		return n, n
	}
	if !x.Shape().Eq(values.Shape()) || x.Shape().Dims() == 0 {
		return fail("values of shape %v, expected %v and a dimension at least", values.Shape(), x.Shape())
	}
	rows, cols := rowsOf(x.Shape())
	op := &squaredErrorOp{rows: rows, cols: cols, chosen: c.Targets != nil, weighted: c.Weights != nil, scaled: c.Scale != nil}
	inputs := []*Node{x, values}
	if c.Targets != nil {
		if c.Targets.Dtype() != tensor.Int32 || c.Targets.Shape().TotalSize() != rows {
			return fail("targets of %v %v, expected int32 and %d of them", c.Targets.Dtype(), c.Targets.Shape(), rows)
		}
		inputs = append(inputs, c.Targets)
	}
	if c.Weights != nil {
		if c.Weights.Shape().TotalSize() != rows || c.Weights.Dtype() != g.dtype {
			return fail("weights of %v %v, expected %v and %d of them", c.Weights.Dtype(), c.Weights.Shape(), g.dtype, rows)
		}
		inputs = append(inputs, c.Weights)
	}
	if c.Scale != nil {
		if c.Scale.Shape().TotalSize() != 1 {
			return fail("scale of shape %v, expected [1]", c.Scale.Shape())
		}
		inputs = append(inputs, c.Scale)
	}
	op.parts = g.applyTuple("squared error", op, []tensor.Shape{tensor.ScalarShape(), {rows}, x.Shape().Clone()}, inputs...)
	return op.parts[0], op.parts[1]
}

// squaredErrorOp has the inputs x, values, maybe the targets, the weights and the scale,
// and the outputs loss, rows' losses and dx.
type squaredErrorOp struct {
	base
	rows, cols               int
	chosen, weighted, scaled bool
	parts                    []*Node
}

// Parts of a squaredErrorOp.
const (
	squaresLoss = iota
	squaresRowLosses
	squaresDX
)

func (o *squaredErrorOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	diff[0] = true
	return diff
}

func (o *squaredErrorOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	grads[0] = o.g.scaleBy(o.parts[squaresDX], grad)
	return grads, o.g.err
}

func (o *squaredErrorOp) lower(c *call) func() error {
	return pick(c, lowerSquaredError[float32], lowerSquaredError[float64])(o, c)
}

func lowerSquaredError[T kernels.Float](o *squaredErrorOp, c *call) func() error {
	x, values := in[T](c, 0), in[T](c, 1)
	var targets []int32
	if o.chosen {
		targets = c.ins[2].i32
	}
	var scale []T
	if o.scaled {
		scale = in[T](c, len(c.ins)-1)
	}
	var weights []T
	if o.weighted {
		weights = in[T](c, 2)
		if o.chosen {
			weights = in[T](c, 3)
		}
	}
	weight := func(r int) float64 {
		switch {
		case targets != nil && targets[r] < 0:
			return 0
		case weights != nil:
			return float64(weights[r])
		}
		return 1
	}
	loss := orSpare(out[T](c, squaresLoss).data, 1)
	rowLosses := orSpare(out[T](c, squaresRowLosses).data, o.rows)
	dx := orSpare(out[T](c, squaresDX).data, o.rows*o.cols)
	counts := func(r int) bool { return targets == nil || targets[r] >= 0 }
	return func() error {
		factor := 0.0
		if scale != nil {
			factor = float64(scale[0])
		} else {
			n := 0.0
			for r := range o.rows {
				n += weight(r)
			}
			if n > 0 {
				factor = 1 / n
			}
		}
		sum := 0.0
		for r := range o.rows {
			lo, hi := r*o.cols, (r+1)*o.cols
			rowLosses[r] = 0
			if !counts(r) {
				clear(dx[lo:hi])
				continue
			}
			squares := 0.0
			for i := lo; i < hi; i++ {
				d := float64(x[i]) - float64(values[i])
				squares += d * d
				dx[i] = T(factor * weight(r) * 2 * d / float64(o.cols))
			}
			squares /= float64(o.cols)
			rowLosses[r] = T(squares)
			sum += weight(r) * squares
		}
		loss[0] = T(factor * sum)
		return nil
	}
}

package embed

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// algebra writes stock operations as functions. After the trace's first error they return their operand.
type algebra struct{ g *graph.Graph }

func (a algebra) one(f func(*graph.Node) (*graph.Node, error), x *graph.Node) *graph.Node {
	if a.g.Err() != nil {
		return x
	}
	return a.g.Check(f(x))
}

func (a algebra) two(f func(x, y *graph.Node) (*graph.Node, error), x, y *graph.Node) *graph.Node {
	if a.g.Err() != nil {
		return x
	}
	return a.g.Check(f(x, y))
}

func (a algebra) add(x, y *graph.Node) *graph.Node           { return a.two(gorgonia.Add, x, y) }
func (a algebra) sub(x, y *graph.Node) *graph.Node           { return a.two(gorgonia.Sub, x, y) }
func (a algebra) mul(x, y *graph.Node) *graph.Node           { return a.two(gorgonia.HadamardProd, x, y) }
func (a algebra) times(x *graph.Node, s float64) *graph.Node { return a.g.Scale(x, s) }
func (a algebra) exp(x *graph.Node) *graph.Node              { return a.one(gorgonia.Exp, x) }
func (a algebra) log(x *graph.Node) *graph.Node              { return a.one(gorgonia.Log, x) }
func (a algebra) sqrt(x *graph.Node) *graph.Node             { return a.one(gorgonia.Sqrt, x) }
func (a algebra) abs(x *graph.Node) *graph.Node              { return a.one(gorgonia.Abs, x) }
func (a algebra) relu(x *graph.Node) *graph.Node             { return a.one(gorgonia.Rectify, x) }

// plus adds a number to each element.
func (a algebra) plus(x *graph.Node, c float64) *graph.Node {
	if a.g.Err() != nil {
		return x
	}
	return a.add(x, a.fill(x, c))
}

// fill is a constant of the shape of x.
func (a algebra) fill(x *graph.Node, c float64) *graph.Node {
	return a.constant(c, x.Shape()...)
}

// ones is a constant vector of 1.
func (a algebra) ones(n int) *graph.Node { return a.constant(1, n) }

func (a algebra) constant(c float64, shape ...int) *graph.Node {
	name := fmt.Sprintf("embed %g in %v", c, shape)
	return a.g.Shared(name, func() *graph.Node {
		n := 1
		for _, d := range shape {
			n *= d
		}
		values := make([]float64, n)
		for i := range values {
			values[i] = c
		}
		return a.g.Const(name, values, shape...)
	})
}

// greater is 1 where x is greater than y and else 0, without a gradient.
func (a algebra) greater(x, y *graph.Node) *graph.Node {
	if a.g.Err() != nil {
		return x
	}
	return a.g.Check(gorgonia.Gt(a.g.Detach(x), a.g.Detach(y), true))
}

// max returns the largest element of x [1, N], as [1].
func (a algebra) max(x *graph.Node) *graph.Node {
	return a.g.Reshape(a.one(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Max(x, 1) }, x), 1)
}

// sum adds up all elements.
func (a algebra) sum(x *graph.Node) *graph.Node {
	return a.one(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Sum(x) }, x)
}

// outer returns x_i·y_j as [N, M] for vectors x [N] and y [M].
func (a algebra) outer(x, y *graph.Node) *graph.Node {
	if a.g.Err() != nil {
		return x
	}
	n, m := x.Shape().TotalSize(), y.Shape().TotalSize()
	return a.two(gorgonia.Mul, a.g.Reshape(x, n, 1), a.g.Reshape(y, 1, m))
}

// differences returns x_i - x_j as [N, N] for x [N].
func (a algebra) differences(x *graph.Node) *graph.Node {
	n := x.Shape().TotalSize()
	return a.sub(a.outer(x, a.ones(n)), a.outer(a.ones(n), x))
}

// cosines returns those of the rows of x and y [B, D], as [B].
func (a algebra) cosines(x, y *graph.Node, width int) *graph.Node {
	return a.g.RowSums(a.mul(layers.Normalize(a.g, x, width), layers.Normalize(a.g, y, width)))
}

// absent is 0 for rows that are there, and for others so low a score that nothing is found there, [B].
func (a algebra) absent(rows *graph.Node) *graph.Node {
	const never = 1e9
	return a.g.Detach(a.times(a.plus(a.g.NotNegative(rows), -1), never))
}

// total adds up losses [B] of rows that are there, [B] of 0 and 1, times the scale or over their number.
func (a algebra) total(each, there, scale *graph.Node) *graph.Node {
	sum := a.sum(each)
	if scale == nil {
		return a.two(gorgonia.HadamardDiv, sum, a.sum(there))
	}
	return a.sum(a.mul(a.g.Reshape(sum, 1), scale))
}

// stack puts matrices, or vectors, one below the other.
func stack(g *graph.Graph, parts []*graph.Node) *graph.Node {
	if len(parts) == 1 || g.Err() != nil {
		return parts[0]
	}
	return g.Check(gorgonia.Concat(0, parts...))
}

package embed

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/arithmetic"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// algebra is arithmetic on a trace, and what the losses of this package need beside it.
type algebra struct{ arithmetic.On }

func on(g *graph.Graph) algebra { return algebra{arithmetic.On{Graph: g}} }

func (a algebra) sqrt(x *graph.Node) *graph.Node { return a.Apply(gorgonia.Sqrt, x) }
func (a algebra) abs(x *graph.Node) *graph.Node  { return a.Apply(gorgonia.Abs, x) }

// ones is a constant vector of 1.
func (a algebra) ones(n int) *graph.Node { return a.Constant(1, n) }

// max returns the largest element of x [1, N], as [1].
func (a algebra) max(x *graph.Node) *graph.Node {
	return a.Graph.Reshape(a.Apply(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Max(x, 1) }, x), 1)
}

// sum adds up all elements.
func (a algebra) sum(x *graph.Node) *graph.Node {
	return a.Apply(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Sum(x) }, x)
}

// outer returns x_i·y_j as [N, M] for vectors x [N] and y [M].
func (a algebra) outer(x, y *graph.Node) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	n, m := x.Shape().TotalSize(), y.Shape().TotalSize()
	return a.Apply2(gorgonia.Mul, a.Graph.Reshape(x, n, 1), a.Graph.Reshape(y, 1, m))
}

// differences returns x_i - x_j as [N, N] for x [N].
func (a algebra) differences(x *graph.Node) *graph.Node {
	n := x.Shape().TotalSize()
	return a.Sub(a.outer(x, a.ones(n)), a.outer(a.ones(n), x))
}

// cosines returns those of the rows of x and y [B, D], as [B].
func (a algebra) cosines(x, y *graph.Node, width int) *graph.Node {
	return a.Graph.RowSums(a.Mul(layers.Normalize(a.Graph, x, width), layers.Normalize(a.Graph, y, width)))
}

// absent is 0 for rows that are there, and for others so low a score that nothing is found there, [B].
func (a algebra) absent(rows *graph.Node) *graph.Node {
	const never = 1e9
	return a.Graph.Detach(a.Times(a.Plus(a.Graph.NotNegative(rows), -1), never))
}

// total adds up losses [B] of rows that are there, [B] of 0 and 1, times the scale or over their number.
func (a algebra) total(each, there, scale *graph.Node) *graph.Node {
	sum := a.sum(each)
	if scale == nil {
		return a.Apply2(gorgonia.HadamardDiv, sum, a.sum(there))
	}
	return a.sum(a.Mul(a.Graph.Reshape(sum, 1), scale))
}

// stack puts matrices, or vectors, one below the other.
func stack(g *graph.Graph, parts []*graph.Node) *graph.Node {
	if len(parts) == 1 || g.Err() != nil {
		return parts[0]
	}
	return g.Check(gorgonia.Concat(0, parts...))
}

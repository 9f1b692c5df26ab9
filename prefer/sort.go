package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// sorted returns the elements of x [B], the lowest first. The gradient goes to where each of them came from.
func (a algebra) sorted(x *graph.Node) *graph.Node {
	g := a.Graph
	if g.Err() != nil {
		return x
	}
	n := x.Shape().TotalSize()
	square := func(name string, at func(i, j int) float64) *graph.Node {
		name = fmt.Sprintf("%s of %d", name, n)
		return g.Shared(name, func() *graph.Node {
			values := make([]float64, n*n)
			for i := range n {
				for j := range n {
					values[i*n+j] = at(i, j)
				}
			}
			return g.Const(name, values, n, n)
		})
	}
	one := func(yes bool) float64 {
		if yes {
			return 1
		}
		return 0
	}
	// Row i has x[i] in it, and column j x[j].
	rows := func(x *graph.Node) *graph.Node { return spread(a, x, n) }
	columns := func(x *graph.Node) *graph.Node {
		return g.Linear(a.Constant(1, n, 1), g.Reshape(x, n, 1), nil, graph.LinearConfig{})
	}
	still := g.Detach(x)
	// Element i comes behind those that are less, and behind equal ones that stand before it.
	before := a.Mul(square("before", func(i, j int) float64 { return one(j < i) }), a.Plus(a.Times(a.Greater(columns(still), rows(still)), -1), 1))
	after := a.Mul(square("after", func(i, j int) float64 { return one(j > i) }), a.Greater(rows(still), columns(still)))
	place := g.RowSums(a.Add(before, after))
	// Row k has a 1 where the element comes k-th.
	distance := a.Sub(columns(place), square("row", func(i, _ int) float64 { return float64(i) }))
	order := a.Mul(a.more(distance, -0.5), a.less(distance, 0.5))
	return g.Reshape(g.Linear(order, g.Reshape(x, 1, n), nil, graph.LinearConfig{}), n)
}

// Package arithmetic writes Gorgonia's operations on a trace as functions without an error at each step, for losses that are formulas.
package arithmetic

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/gorgonia"
)

// On is arithmetic on the nodes of a trace. After the trace's first error its methods return their operand.
type On struct{ Graph *graph.Graph }

// Apply applies an operation of one operand.
func (a On) Apply(f func(*graph.Node) (*graph.Node, error), x *graph.Node) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	return a.Graph.Check(f(x))
}

// Apply2 applies an operation of two operands.
func (a On) Apply2(f func(x, y *graph.Node) (*graph.Node, error), x, y *graph.Node) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	return a.Graph.Check(f(x, y))
}

// Add returns x + y.
func (a On) Add(x, y *graph.Node) *graph.Node { return a.Apply2(gorgonia.Add, x, y) }

// Sub returns x − y.
func (a On) Sub(x, y *graph.Node) *graph.Node { return a.Apply2(gorgonia.Sub, x, y) }

// Mul returns the products of elements.
func (a On) Mul(x, y *graph.Node) *graph.Node { return a.Apply2(gorgonia.HadamardProd, x, y) }

// Div returns the quotients of elements.
func (a On) Div(x, y *graph.Node) *graph.Node { return a.Apply2(gorgonia.HadamardDiv, x, y) }

// Times returns x·s.
func (a On) Times(x *graph.Node, s float64) *graph.Node { return a.Graph.Scale(x, s) }

// Exp returns e to the power of each element.
func (a On) Exp(x *graph.Node) *graph.Node { return a.Apply(gorgonia.Exp, x) }

// Log returns the natural logarithm of each element.
func (a On) Log(x *graph.Node) *graph.Node { return a.Apply(gorgonia.Log, x) }

// ReLU returns the elements above 0, and 0 for the others.
func (a On) ReLU(x *graph.Node) *graph.Node { return a.Apply(gorgonia.Rectify, x) }

// Greater is 1 where x is more than y, else 0. It has no gradient.
func (a On) Greater(x, y *graph.Node) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	return a.Graph.Check(gorgonia.Gt(a.Graph.Detach(x), a.Graph.Detach(y), true))
}

// Plus adds a number to each element.
func (a On) Plus(x *graph.Node, c float64) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	return a.Add(x, a.Fill(x, c))
}

// Fill is a constant of the shape of x.
func (a On) Fill(x *graph.Node, c float64) *graph.Node { return a.Constant(c, x.Shape()...) }

// Constant is c at each place of a shape.
func (a On) Constant(c float64, shape ...int) *graph.Node {
	name := fmt.Sprintf("%g in %v", c, shape)
	return a.Graph.Shared(name, func() *graph.Node {
		n := 1
		for _, d := range shape {
			n *= d
		}
		values := make([]float64, n)
		for i := range values {
			values[i] = c
		}
		return a.Graph.Const(name, values, shape...)
	})
}

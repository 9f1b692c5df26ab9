package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// LinearConfig configures NewLinear.
type LinearConfig struct {
	In, Out int        // feature sizes, > 0
	Bias    bool       // adds a bias, which starts at 0; default false
	InOut   bool       // the weight is stored [In, Out]; default [Out, In]
	Init    graph.Init // of the weight; default Xavier uniform
}

// Linear computes y = x·Wᵀ + b, or what its adapter makes of it.
type Linear struct {
	Name   string       // that of its folder in the parameter tree, such as model.layers.0.self_attn.q_proj
	Weight *graph.Param // [Out, In], or [In, Out] with InOut
	Bias   *graph.Param // [Out]; nil without bias
	// Adapter changes what is computed, in traces from then on; default nil. Package adapt has some.
	Adapter Adapter

	inOut bool
}

// An Adapter changes what a Linear computes.
type Adapter interface {
	// Forward maps x [..., In] to [..., Out].
	Forward(g *graph.Graph, l *Linear, x *graph.Node) *graph.Node
	// Operands returns the operands of one product that computes the same as Forward: rows [..., K], a weight [Out, K] and a bias
	// [Out] or nil. Heads are computed together with their loss, by such a product.
	Operands(g *graph.Graph, l *Linear, x *graph.Node) (rows, weight, bias *graph.Node)
}

// NewLinear makes the parameters "weight" and "bias".
func NewLinear(c LinearConfig, p *graph.Params) *Linear {
	if c.In <= 0 || c.Out <= 0 {
		p.Fail(fmt.Errorf("layers: linear: sizes %d and %d, expected them to be positive", c.In, c.Out))
		return &Linear{}
	}
	shape := []int{c.Out, c.In}
	if c.InOut {
		shape = []int{c.In, c.Out}
	}
	l := &Linear{Name: p.Path(), Weight: p.NewMatrix("weight", c.Init.Or(graph.XavierUniform(c.In, c.Out)), shape[0], shape[1]), inOut: c.InOut}
	if c.Bias {
		l.Bias = p.New("bias", graph.Zeros(), c.Out)
	}
	return l
}

// Sizes returns In and Out.
func (l *Linear) Sizes() (in, out int) {
	if l.inOut {
		return l.Weight.Shape[0], l.Weight.Shape[1]
	}
	return l.Weight.Shape[1], l.Weight.Shape[0]
}

// InOut tells whether the weight is stored [In, Out].
func (l *Linear) InOut() bool { return l.inOut }

// Forward maps x [..., In] to [..., Out].
func (l *Linear) Forward(g *graph.Graph, x *graph.Node) *graph.Node {
	if l.Adapter != nil {
		return l.Adapter.Forward(g, l, x)
	}
	return l.Base(g, x)
}

// Base is Forward without the adapter.
func (l *Linear) Base(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Linear(x, g.Param(l.Weight), bound(g, l.Bias), graph.LinearConfig{InOut: l.inOut})
}

// CrossEntropy is the cross entropy of Forward of x [..., In] against targets int32, one for each row of x, negative where it is
// ignored. It returns the loss and each row's own, without holding the scores; see graph.LinearCrossEntropy.
func (l *Linear) CrossEntropy(g *graph.Graph, x, targets *graph.Node, c graph.CrossEntropyConfig) (loss, rowLosses *graph.Node) {
	if l.inOut {
		n := g.Fail(fmt.Errorf("layers: linear: cross entropy of %s, whose weight is stored [In, Out], expected [Out, In]", l.Name))
		return n, n
	}
	if l.Adapter != nil {
		rows, weight, bias := l.Adapter.Operands(g, l, x)
		return g.LinearCrossEntropy(rows, weight, bias, targets, c)
	}
	return g.LinearCrossEntropy(x, g.Param(l.Weight), bound(g, l.Bias), targets, c)
}

// TokenLosses is the losses of rows that CrossEntropy returns as a value to compute with; see graph.TokenLosses.
func (l *Linear) TokenLosses(g *graph.Graph, x, targets *graph.Node, c graph.CrossEntropyConfig) *graph.Node {
	if l.inOut {
		return g.Fail(fmt.Errorf("layers: linear: cross entropy of %s, whose weight is stored [In, Out], expected [Out, In]", l.Name))
	}
	if l.Adapter != nil {
		rows, weight, bias := l.Adapter.Operands(g, l, x)
		return g.TokenLosses(rows, weight, bias, targets, c)
	}
	return g.TokenLosses(x, g.Param(l.Weight), bound(g, l.Bias), targets, c)
}

// bound returns the node of a parameter that may be nil.
func bound(g *graph.Graph, p *graph.Param) *graph.Node {
	if p == nil {
		return nil
	}
	return g.Param(p)
}

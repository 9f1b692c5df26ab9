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

// Linear computes y = x·Wᵀ + b.
type Linear struct {
	Weight *graph.Param // [Out, In], or [In, Out] with InOut
	Bias   *graph.Param // [Out]; nil without bias

	inOut bool
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
	l := &Linear{Weight: p.New("weight", c.Init.Or(graph.XavierUniform(c.In, c.Out)), shape...), inOut: c.InOut}
	if c.Bias {
		l.Bias = p.New("bias", graph.Zeros(), c.Out)
	}
	return l
}

// Forward maps x [..., In] to [..., Out].
func (l *Linear) Forward(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Linear(x, g.Param(l.Weight), bound(g, l.Bias), graph.LinearConfig{InOut: l.inOut})
}

// bound returns the node of a parameter that may be nil.
func bound(g *graph.Graph, p *graph.Param) *graph.Node {
	if p == nil {
		return nil
	}
	return g.Param(p)
}

package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// A NormKind says what a norm computes.
type NormKind uint8

const (
	LayerNorm NormKind = iota // (x - mean)/√(variance + ε)·w + b (Ba et al., 2016)
	RMSNorm                   // x/√(mean of squares + ε)·w (Zhang and Sennrich, 2019)
)

// NormConfig configures NewNorm.
type NormConfig struct {
	Kind   NormKind // default LayerNorm
	Width  int      // D, > 0
	Eps    float64  // ε; LayerNorm has 1e-5 in most models, RMSNorm 1e-6
	Bias   bool     // a LayerNorm adds a bias; default false
	Offset float64  // an RMSNorm multiplies by w + Offset; default 0, Gemma has 1
}

// Norm normalises the last dimension.
type Norm struct {
	Name   string       // that of its folder in the parameter tree
	Weight *graph.Param // [D], starts where the factor is 1
	Bias   *graph.Param // [D], starts at 0; nil without bias

	config NormConfig
}

// NewNorm makes the parameters "weight" and "bias".
func NewNorm(c NormConfig, p *graph.Params) *Norm {
	switch {
	case c.Width <= 0:
		p.Fail(fmt.Errorf("layers: norm: width %d, expected it to be positive", c.Width))
		return &Norm{}
	case c.Eps < 0:
		p.Fail(fmt.Errorf("layers: norm: eps %g, expected at least 0", c.Eps))
	case c.Kind == RMSNorm && c.Bias, c.Kind == LayerNorm && c.Offset != 0:
		p.Fail(fmt.Errorf("layers: norm: a bias is for layer norm, an offset for RMS norm"))
	}
	n := &Norm{Name: p.Path(), Weight: p.New("weight", graph.Constant(1-c.Offset), c.Width), config: c}
	if c.Bias {
		n.Bias = p.New("bias", graph.Zeros(), c.Width)
	}
	return n
}

// Forward maps x [..., D] to the same shape.
func (n *Norm) Forward(g *graph.Graph, x *graph.Node) *graph.Node {
	if n.config.Kind == RMSNorm {
		return g.RMSNorm(x, g.Param(n.Weight), n.config.Eps, n.config.Offset)
	}
	return g.LayerNorm(x, g.Param(n.Weight), bound(g, n.Bias), n.config.Eps)
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// An Activation is an elementwise function.
type Activation = kernels.Activation

// The activations. GELU is the exact one, x·Φ(x); GELUTanh its approximation by
// a hyperbolic tangent (Hendrycks and Gimpel, 2016); SiLU is x·σ(x).
const (
	Identity    = kernels.Identity
	ReLU        = kernels.ReLU
	ReLUSquared = kernels.ReLUSquared
	GELU        = kernels.GELU
	GELUTanh    = kernels.GELUTanh
	SiLU        = kernels.SiLU
	Tanh        = kernels.Tanh
	Sigmoid     = kernels.Sigmoid
)

// Activate applies an activation to each element of x.
func (g *Graph) Activate(kind Activation, x *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	if kind == Identity {
		return x
	}
	if !kind.Known() {
		return g.Fail(fmt.Errorf("graph: activation %d: there is none of that number", kind))
	}
	return g.apply(kind.String(), &activateOp{kind: kind}, x.Shape().Clone(), x)
}

type activateOp struct {
	base
	kind Activation
}

func (o *activateOp) recompute(bool) bool   { return true }
func (o *activateOp) inPlace(_, _ int) bool { return true }
func (o *activateOp) DiffWRT(int) []bool    { return []bool{true} }

func (o *activateOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.apply(o.name+" backward", &activateGradOp{of: o}, in[0].Shape().Clone(), in[0], grad)}, o.g.err
}

func (o *activateOp) lower(c *call) func() error {
	return pick(c, lowerActivate[float32], lowerActivate[float64])(o, c)
}

func lowerActivate[T kernels.Float](o *activateOp, c *call) func() error {
	dst, x := out[T](c, 0).data, in[T](c, 0)
	past := kernels.Streams(dst, x)
	run := spread(len(dst), elementGrain, func(lo, hi int) { kernels.Activate(o.kind, dst[lo:hi], x[lo:hi], past) })
	return func() error { run(); return nil }
}

// activateGradOp computes grad·f'(x), and where a plan gives it a second output f(x) in that.
type activateGradOp struct {
	base
	of *activateOp
}

func (o *activateGradOp) inPlace(_, _ int) bool { return true }
func (o *activateGradOp) recomputes() fused     { return o.of }

func (o *activateGradOp) lower(c *call) func() error {
	return pick(c, lowerActivateGrad[float32], lowerActivateGrad[float64])(o.of.kind, c)
}

func lowerActivateGrad[T kernels.Float](kind Activation, c *call) func() error {
	dst, x, dy := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	body := func(lo, hi int) { kernels.ActivateGrad(kind, dst[lo:hi], x[lo:hi], dy[lo:hi]) }
	if len(c.outs) > 1 {
		value := out[T](c, 1).data
		past := kernels.Streams(value, x, dy)
		body = func(lo, hi int) {
			kernels.ActivateValueGrad(kind, dst[lo:hi], value[lo:hi], x[lo:hi], dy[lo:hi], past)
		}
	}
	run := spread(len(dst), elementGrain, body)
	return func() error { run(); return nil }
}

// Gate returns f(a)·b, the gated linear unit of a and b (Shazeer, 2020).
func (g *Graph) Gate(kind Activation, a, b *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	if !kind.Known() {
		return g.Fail(fmt.Errorf("graph: gate: activation %d: there is none of that number", kind))
	}
	if !a.Shape().Eq(b.Shape()) {
		return g.Fail(fmt.Errorf("graph: gate: shapes %v and %v differ", a.Shape(), b.Shape()))
	}
	return g.apply(kind.String()+" gate", &gateOp{kind: kind}, a.Shape().Clone(), a, b)
}

type gateOp struct {
	base
	kind Activation
}

func (o *gateOp) recompute(bool) bool   { return true }
func (o *gateOp) inPlace(_, _ int) bool { return true }
func (o *gateOp) DiffWRT(int) []bool    { return []bool{true, true} }

func (o *gateOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	shape := in[0].Shape()
	parts := o.g.applyTuple(o.name+" backward", &gateGradOp{of: o}, []tensor.Shape{shape.Clone(), shape.Clone()}, in[0], in[1], grad)
	return parts, o.g.err
}

func (o *gateOp) lower(c *call) func() error {
	return pick(c, lowerGate[float32], lowerGate[float64])(o, c)
}

func lowerGate[T kernels.Float](o *gateOp, c *call) func() error {
	dst, a, b := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	past := kernels.Streams(dst, a, b)
	run := spread(len(dst), elementGrain, func(lo, hi int) { kernels.Gate(o.kind, dst[lo:hi], a[lo:hi], b[lo:hi], past) })
	return func() error { run(); return nil }
}

// gateGradOp computes the gradients of a and b, and where a plan gives it a third output f(a)·b in that.
type gateGradOp struct {
	base
	of *gateOp
}

func (o *gateGradOp) inPlace(_, _ int) bool { return true }
func (o *gateGradOp) recomputes() fused     { return o.of }

func (o *gateGradOp) lower(c *call) func() error {
	return pick(c, lowerGateGrad[float32], lowerGateGrad[float64])(o.of.kind, c)
}

func lowerGateGrad[T kernels.Float](kind Activation, c *call) func() error {
	a, b, dy := in[T](c, 0), in[T](c, 1), in[T](c, 2)
	da, db := orSpare(out[T](c, 0).data, len(a)), orSpare(out[T](c, 1).data, len(a))
	body := func(lo, hi int) { kernels.GateGrad(kind, da[lo:hi], db[lo:hi], a[lo:hi], b[lo:hi], dy[lo:hi]) }
	if len(c.outs) > 2 {
		value := out[T](c, 2).data
		past := kernels.Streams(value, a, b, dy)
		body = func(lo, hi int) {
			kernels.GateValueGrad(kind, da[lo:hi], db[lo:hi], value[lo:hi], a[lo:hi], b[lo:hi], dy[lo:hi], past)
		}
	}
	run := spread(len(a), elementGrain, body)
	return func() error { run(); return nil }
}

// orSpare returns data, or memory to throw away where nothing reads an output
// that a kernel writes anyway.
func orSpare[T kernels.Float](data []T, n int) []T {
	if data == nil {
		return make([]T, n)
	}
	return data
}

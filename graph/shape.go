package graph

import (
	"fmt"
	"slices"

	"github.com/chewxy/hm"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Dims3 returns the dimensions of x, which must have three, such as [B, T, D].
// After an error they are zeros.
func (g *Graph) Dims3(x *Node) (b, t, d int) {
	if g.err != nil {
		return 0, 0, 0
	}
	s := x.Shape()
	if s.Dims() != 3 {
		g.Fail(fmt.Errorf("graph: shape %v: expected three dimensions [B, T, D]", s))
		return 0, 0, 0
	}
	return s[0], s[1], s[2]
}

// rowsOf splits a shape into rows and the size of its last dimension.
func rowsOf(s tensor.Shape) (rows, cols int) {
	if s.Dims() == 0 {
		return 1, 1
	}
	cols = s[s.Dims()-1]
	return s.TotalSize() / cols, cols
}

// withLast returns s with another last dimension.
func withLast(s tensor.Shape, cols int) tensor.Shape {
	s = slices.Clone(s)
	s[len(s)-1] = cols
	return s
}

// Reshape views x under another shape of the same size.
func (g *Graph) Reshape(x *Node, shape ...int) *Node {
	if g.err != nil {
		return g.broken
	}
	if tensor.Shape(shape).TotalSize() != x.Shape().TotalSize() {
		return g.Fail(fmt.Errorf("graph: reshape: %v to %v changes the number of elements", x.Shape(), shape))
	}
	if slices.Equal(x.Shape(), shape) { // Eq takes [n, 1] for [n]
		return x
	}
	if x.Dtype() == tensor.Int32 {
		return g.apply("reshape", &reshapeOp{from: x.Shape().Dims()}, slices.Clone(tensor.Shape(shape)), x)
	}
	return g.apply("reshape", &reshapeOp{}, slices.Clone(tensor.Shape(shape)), x)
}

// reshapeOp is a view: the machine runs nothing.
type reshapeOp struct {
	base
	from int // dimensions of an int32 tensor; 0 of others
}

// Type is that of the trace's elements or of int32.
func (o *reshapeOp) Type() hm.Type {
	if o.from == 0 {
		return o.base.Type()
	}
	return hm.NewFnType(gorgonia.TensorType{Dims: o.from, Of: tensor.Int32}, typeOf(tensor.Int32, o.shape()))
}

// Do copies integers too, which base's Do, that returns the trace's type, can't.
func (o *reshapeOp) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	if o.from == 0 {
		return o.base.Do(values...)
	}
	b, err := bufferOf(values[0])
	if err != nil {
		return nil, fmt.Errorf("graph: reshape: %w", err)
	}
	return tensor.New(tensor.WithShape(o.shape()...), tensor.WithBacking(slices.Clone(b.i32))), nil
}

func (o *reshapeOp) view()              {}
func (o *reshapeOp) DiffWRT(int) []bool { return []bool{o.from == 0} }

func (o *reshapeOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.Reshape(grad, in[0].Shape()...)}, o.g.err
}

// lower copies; only other machines than this package's call it.
func (o *reshapeOp) lower(c *call) func() error {
	return pick(c, lowerCopy[float32], lowerCopy[float64])(c)
}

func lowerCopy[T kernels.Float](c *call) func() error {
	dst, src := out[T](c, 0).data, in[T](c, 0)
	return func() error { copy(dst, src); return nil }
}

// Detach returns x as a constant to the gradient.
func (g *Graph) Detach(x *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	return g.apply("detach", &detachOp{}, x.Shape().Clone(), x)
}

// detachOp is a view without a derivative.
type detachOp struct{ base }

func (o *detachOp) view() {}

// lower copies; only other machines than this package's call it.
func (o *detachOp) lower(c *call) func() error {
	return pick(c, lowerCopy[float32], lowerCopy[float64])(c)
}

package graph

import (
	"fmt"
	"slices"

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
	if x.Shape().Eq(tensor.Shape(shape)) {
		return x
	}
	return g.apply("reshape", &reshapeOp{}, slices.Clone(tensor.Shape(shape)), x)
}

// reshapeOp is a view: the machine runs nothing.
type reshapeOp struct{ base }

func (o *reshapeOp) view()              {}
func (o *reshapeOp) DiffWRT(int) []bool { return []bool{true} }

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

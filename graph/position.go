package graph

import (
	"fmt"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Positions returns the place of each token in its segment, counted from 0, for
// segments [B, T] int32; a new segment starts where the number changes. The
// result is [B, T] int32.
func (g *Graph) Positions(segments *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	s := segments.Shape()
	if s.Dims() != 2 || segments.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: positions: segments %v %v, expected int32 [B, T]", segments.Dtype(), s))
	}
	return g.apply("positions", &positionsOp{length: s[1]}, s.Clone(), segments)
}

type positionsOp struct {
	base
	length int
}

func (o *positionsOp) Type() hm.Type {
	ints := gorgonia.TensorType{Dims: 2, Of: tensor.Int32}
	return hm.NewFnType(ints, ints)
}

// Do computes the integers that base's Do, which returns the trace's type, can't.
func (o *positionsOp) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	segments, err := bufferOf(values[0])
	if err != nil {
		return nil, fmt.Errorf("graph: positions: %w", err)
	}
	result := make([]int32, len(segments.i32))
	positions(result, segments.i32, o.length)
	return tensor.New(tensor.WithShape(o.shape()...), tensor.WithBacking(result)), nil
}

func (o *positionsOp) lower(c *call) func() error {
	dst, segments := c.outs[0].i32, c.ins[0].i32
	return func() error {
		positions(dst, segments, o.length)
		return nil
	}
}

func positions(dst, segments []int32, length int) {
	for i := range dst {
		if i%length == 0 || segments[i] != segments[i-1] {
			dst[i] = 0
		} else {
			dst[i] = dst[i-1] + 1
		}
	}
}

// Shared returns the input or constant of a name that build made in this trace
// before, or calls it. Layers that need the same table share it so.
func (g *Graph) Shared(name string, build func() *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	if found := g.expr.ByName(g.prefix + name); len(found) > 0 {
		return found[0]
	}
	n := build()
	if g.err == nil && n.Name() != g.prefix+name {
		return g.Fail(fmt.Errorf("graph: shared %q: build made a node named %q", name, n.Name()))
	}
	return n
}

// Once returns the node that build made in this trace for an equal key before, or calls it. Layers that compute the same share it so;
// keys are of types of their own, and have all that the node depends on.
func (g *Graph) Once(key any, build func() *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	n, ok := g.once[key]
	if !ok {
		n = build()
		if g.once == nil {
			g.once = map[any]*Node{}
		}
		g.once[key] = n
	}
	return n
}

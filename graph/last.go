package graph

import (
	"fmt"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Last returns the last token of each sequence of x [B, T, D] that isn't padding, as [B, D]. Tokens whose segment in segments [B, T]
// int32 is negative are padding; nil means that there is none. Of a sequence that is all padding it returns 0.
func (g *Graph) Last(x, segments *Node) *Node {
	b, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	if segments == nil {
		return g.Slice(g.Reshape(x, b, t*d), (t-1)*d, t*d)
	}
	if !segments.Shape().Eq(tensor.Shape{b, t}) || segments.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: last: segments %v %v, expected int32 [%d, %d]", segments.Dtype(), segments.Shape(), b, t))
	}
	return g.Mean(x, g.apply("last token", &intOp{apply: func(dst, segments []int32) { lastOnly(dst, segments, t) }}, segments.Shape().Clone(), segments))
}

// lastOnly keeps the segment of the last token of each row that isn't padding, and makes padding of all others.
func lastOnly(dst, segments []int32, length int) {
	for lo := 0; lo < len(dst); lo += length {
		found := false
		for i := lo + length - 1; i >= lo; i-- {
			dst[i] = -1
			if !found && segments[i] >= 0 {
				dst[i], found = segments[i], true
			}
		}
	}
}

// IntRows returns rows [lo, hi) of x [B, ...] int32: inputs of a part of a batch.
func (g *Graph) IntRows(x *Node, lo, hi int) *Node {
	if g.err != nil {
		return g.broken
	}
	s := x.Shape()
	if s.Dims() == 0 || x.Dtype() != tensor.Int32 || lo < 0 || hi <= lo || hi > s[0] {
		return g.Fail(fmt.Errorf("graph: rows [%d, %d) of %v %v, expected some of int32 [B, ...]", lo, hi, x.Dtype(), s))
	}
	shape, size := s.Clone(), s.TotalSize()/s[0]
	shape[0] = hi - lo
	return g.apply("rows", &intOp{apply: func(dst, x []int32) { copy(dst, x[lo*size:hi*size]) }}, shape, x)
}

// intOp computes int32 elements of int32 elements.
type intOp struct {
	base
	apply func(dst, x []int32)
}

func (o *intOp) Type() hm.Type {
	ints := gorgonia.TensorType{Dims: o.shape().Dims(), Of: tensor.Int32}
	return hm.NewFnType(ints, ints)
}

// Do computes the integers that base's Do, which returns the trace's type, can't.
func (o *intOp) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	x, err := bufferOf(values[0])
	if err != nil {
		return nil, fmt.Errorf("graph: %w", err)
	}
	result := make([]int32, o.shape().TotalSize())
	o.apply(result, x.i32)
	return tensor.New(tensor.WithShape(o.shape()...), tensor.WithBacking(result)), nil
}

func (o *intOp) lower(c *call) func() error {
	dst, x := c.outs[0].i32, c.ins[0].i32
	return func() error {
		o.apply(dst, x)
		return nil
	}
}

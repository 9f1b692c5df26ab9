package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// First returns the first token of each sequence of x [B, T, D], as [B, D].
func (g *Graph) First(x *Node) *Node {
	b, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	return g.Slice(g.Reshape(x, b, t*d), 0, d)
}

// Mean returns the mean over the tokens of each sequence of x [B, T, D], as
// [B, D]. Tokens whose segment in segments [B, T] int32 is negative are padding and don't
// count; nil counts all. The mean of nothing is 0.
func (g *Graph) Mean(x, segments *Node) *Node {
	b, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	inputs := []*Node{x}
	if segments != nil {
		if !segments.Shape().Eq(tensor.Shape{b, t}) || segments.Dtype() != tensor.Int32 {
			return g.Fail(fmt.Errorf("graph: mean: segments %v %v, expected int32 [%d, %d]", segments.Dtype(), segments.Shape(), b, t))
		}
		inputs = append(inputs, segments)
	}
	return g.apply("mean", &meanOp{batch: b, length: t, width: d}, tensor.Shape{b, d}, inputs...)
}

// meanOp has the inputs x and maybe segments.
type meanOp struct {
	base
	batch, length, width int
}

func (o *meanOp) DiffWRT(inputs int) []bool { return []bool{true, false}[:inputs] }

func (o *meanOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &meanGradOp{batch: o.batch, length: o.length, width: o.width}
	inputs := append([]*Node{grad}, in[1:]...)
	dx := o.g.apply("mean backward", back, in[0].Shape().Clone(), inputs...)
	return gorgonia.Nodes{dx, nil}[:len(in)], o.g.err
}

func (o *meanOp) lower(c *call) func() error {
	return pick(c, lowerMean[float32], lowerMean[float64])(o, c)
}

func lowerMean[T kernels.Float](o *meanOp, c *call) func() error {
	dst, x := out[T](c, 0).data, in[T](c, 0)
	segments := segmentsOf(c, 1)
	run := spread(o.batch, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			row := dst[b*o.width : (b+1)*o.width]
			clear(row)
			factor := tokenShare[T](segments, b, o.length)
			for t := b * o.length; t < (b+1)*o.length; t++ {
				if segments == nil || segments[t] >= 0 {
					kernels.AXPY(row, x[t*o.width:(t+1)*o.width], factor)
				}
			}
		}
	})
	return func() error { run(); return nil }
}

// meanGradOp gives each token that counts its share of the mean's gradient. Its
// inputs are the gradient and maybe segments.
type meanGradOp struct {
	base
	batch, length, width int
}

func (o *meanGradOp) lower(c *call) func() error {
	return pick(c, lowerMeanGrad[float32], lowerMeanGrad[float64])(o, c)
}

func lowerMeanGrad[T kernels.Float](o *meanGradOp, c *call) func() error {
	dst, dy := out[T](c, 0).data, in[T](c, 0)
	segments := segmentsOf(c, 1)
	run := spread(o.batch, 1, func(lo, hi int) {
		for b := lo; b < hi; b++ {
			factor := tokenShare[T](segments, b, o.length)
			for t := b * o.length; t < (b+1)*o.length; t++ {
				row := dst[t*o.width : (t+1)*o.width]
				if segments == nil || segments[t] >= 0 {
					kernels.Scale(row, dy[b*o.width:(b+1)*o.width], factor)
				} else {
					clear(row)
				}
			}
		}
	})
	return func() error { run(); return nil }
}

// segmentsOf returns input i of a call, or nil if there are fewer.
func segmentsOf(c *call, i int) []int32 {
	if i >= len(c.ins) {
		return nil
	}
	return c.ins[i].i32
}

// tokenShare returns one over the tokens of sequence b that count, 0 if none does.
func tokenShare[T kernels.Float](segments []int32, b, length int) T {
	if segments == nil {
		return 1 / T(length)
	}
	n := 0
	for _, s := range segments[b*length : (b+1)*length] {
		if s >= 0 {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return 1 / T(n)
}

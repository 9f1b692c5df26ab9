package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// NotNegative is 1 where an element of x int32 is at least 0, and else 0, in the trace's type: which targets count.
func (g *Graph) NotNegative(x *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	if x.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: not negative: elements of %v, expected int32", x.Dtype()))
	}
	return g.apply("not negative", &notNegativeOp{}, x.Shape().Clone(), x)
}

type notNegativeOp struct{ base }

func (o *notNegativeOp) lower(c *call) func() error {
	return pick(c, lowerNotNegative[float32], lowerNotNegative[float64])(c)
}

func lowerNotNegative[T kernels.Float](c *call) func() error {
	dst, x := out[T](c, 0).data, c.ins[0].i32
	return func() error {
		for i, v := range x {
			dst[i] = 0
			if v >= 0 {
				dst[i] = 1
			}
		}
		return nil
	}
}

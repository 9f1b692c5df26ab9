package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Transpose returns xᵀ [N, M] of a matrix x [M, N].
func (g *Graph) Transpose(x *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	s := x.Shape()
	if s.Dims() != 2 {
		return g.Fail(fmt.Errorf("graph: transpose: shape %v, expected two dimensions", s))
	}
	return g.apply("transpose", &transposeOp{rows: s[0], cols: s[1]}, tensor.Shape{s[1], s[0]}, x)
}

type transposeOp struct {
	base
	rows, cols int
}

func (o *transposeOp) DiffWRT(int) []bool { return []bool{true} }

func (o *transposeOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.Transpose(grad)}, o.g.err
}

func (o *transposeOp) lower(c *call) func() error {
	return pick(c, lowerTranspose[float32], lowerTranspose[float64])(o, c)
}

func lowerTranspose[T kernels.Float](o *transposeOp, c *call) func() error {
	dst, x := out[T](c, 0).data, in[T](c, 0)
	run := spread(o.cols, rowGrain(o.rows), func(lo, hi int) {
		for r := range o.rows {
			for i := lo; i < hi; i++ {
				dst[i*o.rows+r] = x[r*o.cols+i]
			}
		}
	})
	return func() error { run(); return nil }
}

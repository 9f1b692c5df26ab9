package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Join puts the columns of y [..., E] behind those of x [..., D], to [..., D+E].
func (g *Graph) Join(x, y *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, left := rowsOf(x.Shape())
	yRows, right := rowsOf(y.Shape())
	if rows != yRows || x.Shape().Dims() != y.Shape().Dims() {
		return g.Fail(fmt.Errorf("graph: join: %v and %v", x.Shape(), y.Shape()))
	}
	return g.apply("join", &joinOp{rows: rows, left: left, right: right}, withLast(x.Shape(), left+right), x, y)
}

type joinOp struct {
	base
	rows, left, right int
}

func (o *joinOp) unpacks(i int) bool { return i == 0 }

func (o *joinOp) DiffWRT(int) []bool { return []bool{true, true} }

func (o *joinOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.Slice(grad, 0, o.left), o.g.Slice(grad, o.left, o.left+o.right)}, o.g.err
}

func (o *joinOp) lower(c *call) func() error {
	return pick(c, lowerJoin[float32], lowerJoin[float64])(o, c)
}

func lowerJoin[T kernels.Float](o *joinOp, c *call) func() error {
	dst, x, y, d, packed := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), o.left+o.right, c.ins[0].packed
	run := spread(o.rows, rowGrain(d), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			if packed.Data != nil {
				kernels.UnpackRow(dst[r*d:][:o.left], packed, r)
			} else {
				copy(dst[r*d:], x[r*o.left:(r+1)*o.left])
			}
			copy(dst[r*d+o.left:], y[r*o.right:(r+1)*o.right])
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// RowSums adds up the last dimension of x [..., D], as [rows].
func (g *Graph) RowSums(x *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(x.Shape())
	return g.apply("row sums", &rowSumsOp{rows: rows, cols: cols}, tensor.Shape{rows}, x)
}

type rowSumsOp struct {
	base
	rows, cols int
}

func (o *rowSumsOp) DiffWRT(int) []bool { return []bool{true} }

func (o *rowSumsOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.apply("row sums backward", &rowSpreadOp{of: o}, in[0].Shape().Clone(), grad)}, o.g.err
}

func (o *rowSumsOp) lower(c *call) func() error {
	return pick(c, lowerRowSums[float32], lowerRowSums[float64])(o, c)
}

func lowerRowSums[T kernels.Float](o *rowSumsOp, c *call) func() error {
	dst, x := out[T](c, 0).data, in[T](c, 0)
	run := spread(o.rows, rowGrain(o.cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			dst[r] = T(kernels.Sum(x[r*o.cols : (r+1)*o.cols]))
		}
	})
	return func() error { run(); return nil }
}

// rowSpreadOp gives each element of a row its gradient.
type rowSpreadOp struct {
	base
	of *rowSumsOp
}

func (o *rowSpreadOp) lower(c *call) func() error {
	return pick(c, lowerRowSpread[float32], lowerRowSpread[float64])(o.of, c)
}

func lowerRowSpread[T kernels.Float](o *rowSumsOp, c *call) func() error {
	dst, grad := out[T](c, 0).data, in[T](c, 0)
	run := spread(o.rows, rowGrain(o.cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := dst[r*o.cols : (r+1)*o.cols]
			for i := range row {
				row[i] = grad[r]
			}
		}
	})
	return func() error { run(); return nil }
}

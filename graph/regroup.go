package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Regroup reorders the last dimension of x, which has groups of parts, so that equal
// parts of all groups lie together: [..., groups, parts, K] becomes [..., parts, groups, K],
// with the last three as one dimension.
func (g *Graph) Regroup(x *Node, groups, parts int) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(x.Shape())
	if groups <= 0 || parts <= 0 || cols%(groups*parts) != 0 {
		return g.Fail(fmt.Errorf("graph: regroup: %v in %d groups of %d parts", x.Shape(), groups, parts))
	}
	if groups == 1 || parts == 1 {
		return x
	}
	op := &regroupOp{rows: rows, groups: groups, parts: parts, size: cols / (groups * parts)}
	return g.apply("regroup", op, x.Shape().Clone(), x)
}

type regroupOp struct {
	base
	rows, groups, parts, size int
}

func (o *regroupOp) DiffWRT(int) []bool { return []bool{true} }

func (o *regroupOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.Regroup(grad, o.parts, o.groups)}, o.g.err
}

func (o *regroupOp) lower(c *call) func() error {
	return pick(c, lowerRegroup[float32], lowerRegroup[float64])(o, c)
}

func lowerRegroup[T kernels.Float](o *regroupOp, c *call) func() error {
	dst, x := out[T](c, 0).data, in[T](c, 0)
	cols := o.groups * o.parts * o.size
	run := spread(o.rows, rowGrain(cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			from, to := x[r*cols:(r+1)*cols], dst[r*cols:(r+1)*cols]
			for i := range o.groups {
				for k := range o.parts {
					copy(to[(k*o.groups+i)*o.size:][:o.size], from[(i*o.parts+k)*o.size:])
				}
			}
		}
	})
	return func() error { run(); return nil }
}

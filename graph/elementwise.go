package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Add returns x + y, of one shape. It is Gorgonia's own sum.
func (g *Graph) Add(x, y *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	if !x.Shape().Eq(y.Shape()) {
		return g.Fail(fmt.Errorf("graph: add: shapes %v and %v differ", x.Shape(), y.Shape()))
	}
	return g.Check(gorgonia.Add(x, y))
}

// Scale returns s·x.
func (g *Graph) Scale(x *Node, s float64) *Node {
	if g.err != nil {
		return g.broken
	}
	if s == 1 {
		return x
	}
	return g.apply("scale", &scaleOp{factor: s}, x.Shape().Clone(), x)
}

type scaleOp struct {
	base
	factor float64
}

func (o *scaleOp) inPlace(_, _ int) bool    { return true }
func (o *scaleOp) recompute(lean bool) bool { return lean }
func (o *scaleOp) DiffWRT(int) []bool       { return []bool{true} }

func (o *scaleOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.Scale(grad, o.factor)}, o.g.err
}

func (o *scaleOp) lower(c *call) func() error {
	return pick(c, lowerScale[float32], lowerScale[float64])(o, c)
}

func lowerScale[T kernels.Float](o *scaleOp, c *call) func() error {
	dst, x, s := out[T](c, 0).data, in[T](c, 0), T(o.factor)
	run := spread(len(dst), elementGrain, func(lo, hi int) { kernels.Scale(dst[lo:hi], x[lo:hi], s) })
	return func() error { run(); return nil }
}

// scaleBy returns x times a scalar node; it is x itself where the scalar is the
// constant 1 from which gorgonia.Grad starts.
func (g *Graph) scaleBy(x, scalar *Node) *Node {
	if v := scalar.Value(); v != nil && len(children(g.expr, scalar)) == 0 && scalar.Op() != nil {
		if Scalar(scalar) == 1 {
			return x
		}
	}
	return g.apply("scale", &scaleByOp{}, x.Shape().Clone(), x, scalar)
}

type scaleByOp struct{ base }

func (o *scaleByOp) inPlace(_, i int) bool { return i == 0 }

func (o *scaleByOp) lower(c *call) func() error {
	return pick(c, lowerScaleBy[float32], lowerScaleBy[float64])(c)
}

func lowerScaleBy[T kernels.Float](c *call) func() error {
	dst, x, s := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	run := spread(len(dst), elementGrain, func(lo, hi int) { kernels.Scale(dst[lo:hi], x[lo:hi], s[0]) })
	return func() error { run(); return nil }
}

// AddRows adds the first T rows of table [P, D] to each sequence of x [B, T, D],
// as learned and sinusoidal positions do. P must be at least T.
func (g *Graph) AddRows(x, table *Node) *Node {
	b, t, d := g.Dims3(x)
	if g.err != nil {
		return g.broken
	}
	if s := table.Shape(); s.Dims() != 2 || s[0] < t || s[1] != d {
		return g.Fail(fmt.Errorf("graph: add rows: table %v, expected [at least %d, %d] for %v", s, t, d, x.Shape()))
	}
	return g.apply("add rows", &addRowsOp{batch: b, cells: t * d}, x.Shape().Clone(), x, table)
}

type addRowsOp struct {
	base
	batch, cells int // cells is T·D
}

func (o *addRowsOp) inPlace(_, i int) bool { return i == 0 }
func (o *addRowsOp) DiffWRT(int) []bool    { return []bool{true, true} }

func (o *addRowsOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	table := o.g.apply("sum rows", &sumRowsOp{batch: o.batch, cells: o.cells}, in[1].Shape().Clone(), grad)
	return gorgonia.Nodes{grad, table}, o.g.err
}

func (o *addRowsOp) lower(c *call) func() error {
	return pick(c, lowerAddRows[float32], lowerAddRows[float64])(o, c)
}

func lowerAddRows[T kernels.Float](o *addRowsOp, c *call) func() error {
	dst, x, table := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	run := spread(o.batch, 1, func(lo, hi int) {
		for i := lo * o.cells; i < hi*o.cells; i += o.cells {
			kernels.Add(dst[i:i+o.cells], x[i:i+o.cells], table[:o.cells])
		}
	})
	return func() error { run(); return nil }
}

// sumRowsOp sums [B, T, D] over B into the first rows of [P, D].
type sumRowsOp struct {
	base
	batch, cells int
}

func (o *sumRowsOp) accumulates(int) bool { return true }

func (o *sumRowsOp) lower(c *call) func() error {
	return pick(c, lowerSumRows[float32], lowerSumRows[float64])(o, c)
}

func lowerSumRows[T kernels.Float](o *sumRowsOp, c *call) func() error {
	dst, x := out[T](c, 0), in[T](c, 0)
	run := spread(o.cells, 1<<10, func(lo, hi int) {
		for b := range o.batch {
			kernels.Accumulate(dst.data[lo:hi], x[b*o.cells+lo:b*o.cells+hi])
		}
	})
	return func() error {
		if !dst.add() {
			clear(dst.data)
		}
		run()
		return nil
	}
}

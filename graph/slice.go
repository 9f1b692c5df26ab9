package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Slice returns the elements from lo up to hi of the last dimension of x.
func (g *Graph) Slice(x *Node, lo, hi int) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(x.Shape())
	if lo < 0 || hi > cols || lo >= hi {
		return g.Fail(fmt.Errorf("graph: slice: elements %d to %d of %v", lo, hi, x.Shape()))
	}
	if hi-lo == cols {
		return x
	}
	return g.apply("slice", &sliceOp{rows: rows, cols: cols, lo: lo, hi: hi}, withLast(x.Shape(), hi-lo), x)
}

type sliceOp struct {
	base
	rows, cols, lo, hi int
}

func (o *sliceOp) DiffWRT(int) []bool { return []bool{true} }

func (o *sliceOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &sliceGradOp{rows: o.rows, cols: o.cols, lo: o.lo, hi: o.hi}
	return gorgonia.Nodes{o.g.apply("slice backward", back, in[0].Shape().Clone(), grad)}, o.g.err
}

func (o *sliceOp) lower(c *call) func() error {
	return pick(c, lowerSlice[float32], lowerSlice[float64])(o, c)
}

func lowerSlice[T kernels.Float](o *sliceOp, c *call) func() error {
	dst, x, width := out[T](c, 0).data, in[T](c, 0), o.hi-o.lo
	run := spread(o.rows, rowGrain(width), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			copy(dst[r*width:(r+1)*width], x[r*o.cols+o.lo:])
		}
	})
	return func() error { run(); return nil }
}

// sliceGradOp puts a gradient into its columns and zeros beside it.
type sliceGradOp struct {
	base
	rows, cols, lo, hi int
}

func (o *sliceGradOp) accumulates(int) bool { return true }

func (o *sliceGradOp) lower(c *call) func() error {
	return pick(c, lowerSliceGrad[float32], lowerSliceGrad[float64])(o, c)
}

func lowerSliceGrad[T kernels.Float](o *sliceGradOp, c *call) func() error {
	dst, dy, width := out[T](c, 0), in[T](c, 0), o.hi-o.lo
	run := spread(o.rows, rowGrain(o.cols), func(lo, hi int) {
		for r := lo; r < hi; r++ {
			row := dst.data[r*o.cols : (r+1)*o.cols]
			if !dst.add() {
				clear(row)
			}
			kernels.Accumulate(row[o.lo:o.hi], dy[r*width:(r+1)*width])
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// RowNormRatio returns m / ‖W + scale·B·A‖ for a matrix W [Out, In], its low-rank change by A [R, In] and B [Out, R], and m [Out]: the
// norm is that of each row, of all that makes one output. With c.InOut W is stored [In, Out]. The norm is taken for a constant: only m gets a
// gradient, as in "DoRA: Weight-Decomposed Low-Rank Adaptation" (Liu et al., 2024). The sum is never held.
func (g *Graph) RowNormRatio(m, w, a, b *Node, scale float64, c LinearConfig) *Node {
	if g.err != nil {
		return g.broken
	}
	ws, as, bs := w.Shape(), a.Shape(), b.Shape()
	if ws.Dims() != 2 || as.Dims() != 2 || bs.Dims() != 2 {
		return g.Fail(fmt.Errorf("graph: row norms: a weight %v with a change of %v and %v, expected matrices", ws, as, bs))
	}
	o := &rowNormsOp{out: ws[0], in: ws[1], rank: as[0], scale: scale, inOut: c.InOut}
	if c.InOut {
		o.out, o.in = o.in, o.out
	}
	if as[1] != o.in || !bs.Eq(tensor.Shape{o.out, o.rank}) || !m.Shape().Eq(tensor.Shape{o.out}) {
		return g.Fail(fmt.Errorf("graph: row norms: factors %v, %v and %v for a weight of %d inputs and %d outputs", m.Shape(), as, bs, o.in, o.out))
	}
	shape := tensor.Shape{o.out}
	o.parts = g.applyTuple("row norms", o, []tensor.Shape{shape, shape}, m, w, a, b)
	return o.parts[0]
}

// rowNormsOp has the inputs m, w, a and b, and the outputs m over the norms, and one over the norms.
type rowNormsOp struct {
	base
	out, in, rank int
	scale         float64
	inOut         bool
	parts         []*Node
}

func (o *rowNormsOp) unpacks(i int) bool { return i == 1 }

func (o *rowNormsOp) DiffWRT(int) []bool { return []bool{true, false, false, false} }

func (o *rowNormsOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.ScaleColumns(grad, o.parts[1], nil), nil, nil, nil}, o.g.err
}

func (o *rowNormsOp) flops() float64 { return 2 * float64(o.out) * float64(o.in) * float64(o.rank+1) }

// stored returns the rows of W as it is stored, their length, and how many of them make a piece of work.
func (o *rowNormsOp) stored() (rows, cols, grain int) {
	const most = 16 // pieces, each of which holds a row of the sum
	rows, cols = o.out, o.in
	if o.inOut {
		rows, cols = cols, rows
	}
	return rows, cols, max(rowGrain(cols*max(1, o.rank)), pieceCount(rows, most))
}

// scratch holds a row of the sum for each piece, and where W is turned also B turned and the squares of each piece.
func (o *rowNormsOp) scratch([]bool) int {
	rows, cols, grain := o.stored()
	n := pieceCount(rows, grain)
	if o.inOut {
		return (2*n + o.rank) * cols
	}
	return n * cols
}

func (o *rowNormsOp) lower(c *call) func() error {
	return pick(c, lowerRowNorms[float32], lowerRowNorms[float64])(o, c)
}

func lowerRowNorms[T kernels.Float](o *rowNormsOp, c *call) func() error {
	ratio, inverse := orSpare(out[T](c, 0).data, o.out), orSpare(out[T](c, 1).data, o.out)
	m, w, a, b, scale := in[T](c, 0), in[T](c, 1), in[T](c, 2), in[T](c, 3), T(o.scale)
	packed, spare := c.ins[1].packed, scratch[T](c)
	rows, cols, grain := o.stored()
	n := pieceCount(rows, grain)
	row := func(lo, i int) []T { // row i of W, in the memory of the piece that begins at lo
		dst := spare[lo/grain*cols:][:cols]
		if packed.Data != nil {
			kernels.UnpackRow(dst, packed, i)
		} else {
			copy(dst, w[i*cols:(i+1)*cols])
		}
		return dst
	}
	set := func(i int, squares float64) {
		norm := math.Sqrt(squares)
		ratio[i], inverse[i] = T(float64(m[i])/norm), T(1/norm)
	}
	if !o.inOut {
		run := spread(rows, grain, func(lo, hi int) {
			for i := lo; i < hi; i++ {
				sum := row(lo, i)
				for r := range o.rank {
					kernels.AXPY(sum, a[r*cols:(r+1)*cols], scale*b[i*o.rank+r])
				}
				set(i, kernels.SumSquares(sum))
			}
		})
		return func() error { run(); return nil }
	}
	// Rows hold one input of all norms each: the squares of pieces are added up in their order.
	squares, turned := spare[n*cols:][:n*cols], spare[2*n*cols:][:o.rank*cols]
	run := spread(rows, grain, func(lo, hi int) {
		part := squares[lo/grain*cols:][:cols]
		clear(part)
		for k := lo; k < hi; k++ {
			sum := row(lo, k)
			for r := range o.rank {
				kernels.AXPY(sum, turned[r*cols:(r+1)*cols], scale*a[r*rows+k])
			}
			for i, v := range sum {
				part[i] += v * v
			}
		}
	})
	return func() error {
		for i := range cols {
			for r := range o.rank {
				turned[r*cols+i] = b[i*o.rank+r]
			}
		}
		run()
		for i := range cols {
			total := 0.0
			for p := range n {
				total += float64(squares[p*cols+i])
			}
			set(i, total)
		}
		return nil
	}
}

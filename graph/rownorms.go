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

func (o *rowNormsOp) unpacks(i int) bool { return i == 1 && !o.inOut }

func (o *rowNormsOp) DiffWRT(int) []bool { return []bool{true, false, false, false} }

func (o *rowNormsOp) SymDiff(_ gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.ScaleColumns(grad, o.parts[1], nil), nil, nil, nil}, o.g.err
}

func (o *rowNormsOp) flops() float64 { return 2 * float64(o.out) * float64(o.in) * float64(o.rank+1) }

func (o *rowNormsOp) lower(c *call) func() error {
	return pick(c, lowerRowNorms[float32], lowerRowNorms[float64])(o, c)
}

func lowerRowNorms[T kernels.Float](o *rowNormsOp, c *call) func() error {
	ratio, inverse := orSpare(out[T](c, 0).data, o.out), orSpare(out[T](c, 1).data, o.out)
	m, w, a, b, scale := in[T](c, 0), in[T](c, 1), in[T](c, 2), in[T](c, 3), T(o.scale)
	packed := c.ins[1].packed
	set := func(i int, squares float64) {
		norm := math.Sqrt(squares)
		ratio[i], inverse[i] = T(float64(m[i])/norm), T(1/norm)
	}
	if !o.inOut {
		grain := rowGrain(o.in * max(1, o.rank))
		sums := make([]T, (o.out+grain-1)/grain*o.in)
		run := spread(o.out, grain, func(lo, hi int) {
			sum := sums[lo/grain*o.in:][:o.in]
			for i := lo; i < hi; i++ {
				if packed.Data != nil {
					kernels.UnpackRow(sum, packed, i)
				} else {
					copy(sum, w[i*o.in:(i+1)*o.in])
				}
				for r := range o.rank {
					kernels.AXPY(sum, a[r*o.in:(r+1)*o.in], scale*b[i*o.rank+r])
				}
				set(i, kernels.SumSquares(sum))
			}
		})
		return func() error { run(); return nil }
	}
	const grain = 256 // columns
	run := spread(o.out, grain, func(lo, hi int) {
		var squares [grain]float64
		for k := range o.in {
			row := w[k*o.out+lo : k*o.out+hi]
			for i := range row {
				change := T(0)
				for r := range o.rank {
					change += a[r*o.in+k] * b[(lo+i)*o.rank+r]
				}
				v := float64(row[i] + scale*change)
				squares[i] += v * v
			}
		}
		for i := lo; i < hi; i++ {
			set(i, squares[i-lo])
		}
	})
	return func() error { run(); return nil }
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// GroupedLinear multiplies the rows of x [S, In] in the slots of each expert by that
// expert's weight [Out, In], to [S, Out]. It computes each row once, whatever the number of
// weights; rows have the bits that Linear gives them.
func (g *Graph) GroupedLinear(x *Node, s Slots, weights []*Node) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, in := rowsOf(x.Shape())
	if len(weights) == 0 || rows != s.Cells.Shape()[0] {
		return g.Fail(fmt.Errorf("graph: grouped linear: %d weights, and %v for %v slots", len(weights), x.Shape(), s.Cells.Shape()))
	}
	first := weights[0].Shape()
	for _, w := range weights {
		if ws := w.Shape(); ws.Dims() != 2 || ws[1] != in || !ws.Eq(first) {
			return g.Fail(fmt.Errorf("graph: grouped linear: a weight of shape %v for rows of %d beside one of %v", ws, in, first))
		}
	}
	op := &groupedOp{rows: rows, in: in, out: first[0], experts: len(weights)}
	return g.apply("grouped linear", op, tensor.Shape{rows, op.out}, append([]*Node{x, s.Cells}, weights...)...)
}

// groupedOp has the inputs x, the cells and the experts' weights.
type groupedOp struct {
	base
	rows, in, out, experts int
}

func (o *groupedOp) flops() float64 { return 2 * float64(o.rows) * float64(o.in) * float64(o.out) }

func (o *groupedOp) unpacks(i int) bool { return i >= 2 }

func (o *groupedOp) DiffWRT(inputs int) []bool {
	wrt := make([]bool, inputs)
	for i := range wrt {
		wrt[i] = i != 1
	}
	return wrt
}

func (o *groupedOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	outs := []tensor.Shape{in[0].Shape().Clone()}
	for _, w := range in[2:] {
		outs = append(outs, w.Shape().Clone())
	}
	back := o.g.applyTuple("grouped linear backward", &groupedGradOp{forward: o}, outs, append(append([]*Node{}, in...), grad)...)
	if o.g.err != nil {
		return nil, o.g.err
	}
	return append(gorgonia.Nodes{back[0], nil}, back[1:]...), nil
}

func (o *groupedOp) lower(c *call) func() error {
	return pick(c, lowerGrouped[float32], lowerGrouped[float64])(o, c)
}

func lowerGrouped[T kernels.Float](o *groupedOp, c *call) func() error {
	dst, x, cells := out[T](c, 0).data, in[T](c, 0), c.ins[1].i32
	products := newPieces[T](o.rows, func(n int) kernels.ProductConfig {
		return kernels.ProductConfig{M: n, N: o.out, K: o.in, TransB: true, BFloat16: o.g.bfloat16}
	})
	return func() error {
		eachGroup(cells, o.experts, func(expert, lo, hi int) {
			products.each(lo, hi, func(p *kernels.Product[T], lo, hi int) {
				byWeight(p, dst[lo*o.out:hi*o.out], x[lo*o.in:hi*o.in], c, 2+expert)
			})
		})
		return nil
	}
}

// groupedGradOp has the inputs of the forward operation and the gradient, and the
// gradients of x and of the weights as outputs.
type groupedGradOp struct {
	base
	forward *groupedOp
}

func (o *groupedGradOp) unpacks(i int) bool     { return o.forward.unpacks(i) && i < len(o.ins)-1 }
func (o *groupedGradOp) accumulates(i int) bool { return i > 0 }
func (o *groupedGradOp) flops() float64         { return 2 * o.forward.flops() }

func (o *groupedGradOp) lower(c *call) func() error {
	return pick(c, lowerGroupedGrad[float32], lowerGroupedGrad[float64])(o, c)
}

func lowerGroupedGrad[T kernels.Float](o *groupedGradOp, c *call) func() error {
	f := o.forward
	x, cells, dy, dx := in[T](c, 0), c.ins[1].i32, in[T](c, len(c.ins)-1), out[T](c, 0).data
	toX := newPieces[T](f.rows, func(n int) kernels.ProductConfig {
		return kernels.ProductConfig{M: n, N: f.in, K: f.out, BFloat16: f.g.bfloat16}
	})
	toW := newPieces[T](f.rows, func(n int) kernels.ProductConfig {
		return kernels.ProductConfig{M: f.out, N: f.in, K: n, TransA: true, BFloat16: f.g.bfloat16}
	})
	return func() error {
		eachGroup(cells, f.experts, func(expert, lo, hi int) {
			if dx != nil {
				toX.each(lo, hi, func(p *kernels.Product[T], lo, hi int) {
					byWeight(p, dx[lo*f.in:hi*f.in], dy[lo*f.out:hi*f.out], c, 2+expert)
				})
			}
			dw := out[T](c, 1+expert)
			if dw.data == nil {
				return
			}
			add := dw.add()
			if lo == hi && !add {
				clear(dw.data)
			}
			toW.each(lo, hi, func(p *kernels.Product[T], lo, hi int) {
				p.Run(dw.data, dy[lo*f.out:hi*f.out], x[lo*f.in:hi*f.in], kernels.Epilogue[T]{Accumulate: add})
				add = true
			})
		})
		return nil
	}
}

// byWeight multiplies a by input i of a call, as it is stored.
func byWeight[T kernels.Float](p *kernels.Product[T], dst, a []T, c *call, i int) {
	if packed := c.ins[i].packed; packed.Data != nil {
		p.RunPacked(dst, a, packed, kernels.Epilogue[T]{})
		return
	}
	p.Run(dst, a, in[T](c, i), kernels.Epilogue[T]{})
}

// eachGroup calls do for each expert with its slots, lo up to hi.
func eachGroup(cells []int32, experts int, do func(expert, lo, hi int)) {
	lo := 0
	for expert := range experts {
		hi := lo
		for hi < len(cells) && int(cells[hi])%experts == expert {
			hi++
		}
		do(expert, lo, hi)
		lo = hi
	}
}

// pieces are products for 1, 2, 4, … rows, of which any number of rows is put together.
// How it is doesn't show: a row has the same bits among any others, and sums over rows are
// taken in an order that depends on their number alone.
type pieces[T kernels.Float] []*kernels.Product[T]

func newPieces[T kernels.Float](rows int, config func(n int) kernels.ProductConfig) pieces[T] {
	var p pieces[T]
	for n := 1; n <= rows; n *= 2 {
		p = append(p, kernels.NewProduct[T](config(n)))
	}
	return p
}

// each calls do for parts of the rows from lo up to hi, the largest first.
func (p pieces[T]) each(lo, hi int, do func(product *kernels.Product[T], lo, hi int)) {
	for i := len(p) - 1; i >= 0; i-- {
		for n := 1 << i; hi-lo >= n; lo += n {
			do(p[i], lo, lo+n)
		}
	}
}

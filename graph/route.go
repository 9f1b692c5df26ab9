package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
)

// Route chooses experts: for each row of logits [..., E] the k largest of their
// softmax stay, divided by their sum, and the others are 0 (Shazeer et al., 2017; Jiang et al.,
// 2024). Of equal ones the first is taken.
func (g *Graph) Route(logits *Node, k int) *Node {
	if err := g.checkRoute(logits, k); err != nil {
		return g.Fail(err)
	}
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(logits.Shape())
	return g.apply("route", &routeOp{rows: rows, cols: cols, k: k}, logits.Shape().Clone(), logits)
}

func (g *Graph) checkRoute(logits *Node, k int) error {
	if g.err != nil {
		return nil
	}
	if _, cols := rowsOf(logits.Shape()); k <= 0 || k > cols {
		return fmt.Errorf("graph: route: %d of %d experts", k, cols)
	}
	return nil
}

type routeOp struct {
	base
	rows, cols, k int
}

func (o *routeOp) DiffWRT(int) []bool { return []bool{true} }

func (o *routeOp) SymDiff(in gorgonia.Nodes, result, grad *Node) (gorgonia.Nodes, error) {
	back := &routeGradOp{rows: o.rows, cols: o.cols}
	return gorgonia.Nodes{o.g.apply("route backward", back, in[0].Shape().Clone(), result, grad)}, o.g.err
}

func (o *routeOp) lower(c *call) func() error {
	return pick(c, lowerRoute[float32], lowerRoute[float64])(o, c)
}

// choose marks the k largest of a row of logits.
func choose[T kernels.Float](chosen []bool, row []T, k int) {
	clear(chosen)
	for range k {
		best := -1
		for e, z := range row {
			if !chosen[e] && (best < 0 || z > row[best]) {
				best = e
			}
		}
		chosen[best] = true
	}
}

func lowerRoute[T kernels.Float](o *routeOp, c *call) func() error {
	dst, logits, e := out[T](c, 0).data, in[T](c, 0), o.cols
	chosen := make([]bool, e)
	return func() error {
		for r := range o.rows {
			row, gates := logits[r*e:(r+1)*e], dst[r*e:(r+1)*e]
			choose(chosen, row, o.k)
			// The softmax of the chosen ones is their softmax divided by their sum.
			most, total := math.Inf(-1), 0.0
			for i, z := range row {
				if chosen[i] {
					most = max(most, float64(z))
				}
			}
			for i, z := range row {
				gates[i] = 0
				if chosen[i] {
					w := math.Exp(float64(z) - most)
					total += w
					gates[i] = T(w)
				}
			}
			kernels.Scale(gates, gates, T(1/total))
		}
		return nil
	}
}

// routeGradOp is the softmax's derivative: gates of 0 pass nothing on. Inputs are the
// gates and their gradient.
type routeGradOp struct {
	base
	rows, cols int
}

func (o *routeGradOp) lower(c *call) func() error {
	return pick(c, lowerRouteGrad[float32], lowerRouteGrad[float64])(o, c)
}

func lowerRouteGrad[T kernels.Float](o *routeGradOp, c *call) func() error {
	dst, gates, grad := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	return func() error {
		kernels.SoftmaxGrad(dst, gates, grad, o.rows, o.cols)
		return nil
	}
}

package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
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

// RouteBalance is the loss that keeps experts busy evenly (Fedus et al., 2022): E times
// the sum over the experts of the part of the rows that choose them, times the mean of their
// softmax. It is a scalar, k where all are chosen equally often.
func (g *Graph) RouteBalance(logits *Node, k int) *Node {
	if err := g.checkRoute(logits, k); err != nil {
		return g.Fail(err)
	}
	if g.err != nil {
		return g.broken
	}
	rows, cols := rowsOf(logits.Shape())
	op := &balanceOp{routeOp{rows: rows, cols: cols, k: k}}
	return g.apply("route balance", op, tensor.ScalarShape(), logits)
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

// balanceOp has the logits as its input and a scalar as its output.
type balanceOp struct{ routeOp }

func (o *balanceOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	back := &balanceGradOp{routeOp{rows: o.rows, cols: o.cols, k: o.k}}
	return gorgonia.Nodes{o.g.apply("route balance backward", back, in[0].Shape().Clone(), in[0], grad)}, o.g.err
}

func (o *balanceOp) lower(c *call) func() error {
	return pick(c, lowerBalance[float32], lowerBalance[float64])(&o.routeOp, c)
}

// balance returns a function that finds each expert's part of the rows, and fills
// probabilities [rows, E].
func balance[T kernels.Float](o *routeOp, probabilities, logits []T) func() (parts []float64) {
	parts, chosen := make([]float64, o.cols), make([]bool, o.cols)
	return func() []float64 {
		fillBalance(o, parts, chosen, probabilities, logits)
		return parts
	}
}

func fillBalance[T kernels.Float](o *routeOp, parts []float64, chosen []bool, probabilities, logits []T) {
	clear(parts)
	kernels.Softmax(probabilities, logits, o.rows, o.cols)
	for r := range o.rows {
		choose(chosen, logits[r*o.cols:(r+1)*o.cols], o.k)
		for e, is := range chosen {
			if is {
				parts[e] += 1 / float64(o.rows)
			}
		}
	}
}

func lowerBalance[T kernels.Float](o *routeOp, c *call) func() error {
	dst, logits := out[T](c, 0).data, in[T](c, 0)
	probabilities := make([]T, len(logits))
	find := balance(o, probabilities, logits)
	return func() error {
		loss, parts := 0.0, find()
		for i, p := range probabilities {
			loss += parts[i%o.cols] * float64(p)
		}
		dst[0] = T(loss * float64(o.cols) / float64(o.rows))
		return nil
	}
}

// balanceGradOp takes the parts of the rows as constants, as the loss's authors do.
// Inputs are the logits and the gradient, a scalar.
type balanceGradOp struct{ routeOp }

func (o *balanceGradOp) lower(c *call) func() error {
	return pick(c, lowerBalanceGrad[float32], lowerBalanceGrad[float64])(&o.routeOp, c)
}

func lowerBalanceGrad[T kernels.Float](o *routeOp, c *call) func() error {
	dst, logits, grad := out[T](c, 0).data, in[T](c, 0), in[T](c, 1)
	probabilities, slopes := make([]T, len(logits)), make([]T, len(logits))
	find := balance(o, probabilities, logits)
	return func() error {
		parts := find()
		scale := float64(grad[0]) * float64(o.cols) / float64(o.rows)
		for i := range slopes {
			slopes[i] = T(scale * parts[i%o.cols])
		}
		kernels.SoftmaxGrad(dst, probabilities, slopes, o.rows, o.cols)
		return nil
	}
}

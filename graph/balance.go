package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// BalanceConfig configures Graph.RouteBalance.
type BalanceConfig struct {
	Active   int   // k, the experts that each row chooses, 1 to E
	Segments *Node // int32, one for each row; rows of -1 are padding and don't count. Nil counts all rows
	// Targets int32 and Scale [1] are those of the loss that the balance is added to: it is multiplied by the
	// number of targets that aren't negative, times Scale. So the micro-batches of a step have the
	// shares in it that they have in the loss. Nil multiplies by 1.
	Targets, Scale *Node
}

// Routing is what RouteBalance counts, over all layers and rows.
type Routing struct {
	Choices       *Node // [E], the rows that chose each expert
	Probabilities *Node // [E], the sum of the rows' softmax
}

// RouteBalance is the loss that keeps experts busy evenly (Fedus et al., 2022): E times
// the sum over the experts of the part of the rows that choose them, times the mean of their
// softmax, for the rows of all layers' logits [..., E] together. It is a scalar, k where all are chosen equally
// often and up to E where they aren't. Routing is what it was computed from.
func (g *Graph) RouteBalance(logits []*Node, c BalanceConfig) (loss *Node, counts Routing) {
	broken := func(n *Node) (*Node, Routing) { return n, Routing{n, n} }
	if g.err != nil {
		return broken(g.broken)
	}
	fail := func(format string, args ...any) (*Node, Routing) {
		return broken(g.Fail(fmt.Errorf("graph: balance: "+format, args...)))
	}
	if len(logits) == 0 {
		return fail("no layer has experts")
	}
	rows, cols := rowsOf(logits[0].Shape())
	for _, l := range logits {
		if err := g.checkRoute(l, c.Active); err != nil {
			return broken(g.Fail(err))
		}
		if r, e := rowsOf(l.Shape()); r != rows || e != cols {
			return fail("logits of shapes %v and %v", logits[0].Shape(), l.Shape())
		}
	}
	op := &balanceOp{route: routeOp{rows: rows, cols: cols, k: c.Active}, layers: len(logits), padded: c.Segments != nil, scaled: c.Scale != nil}
	inputs, outs := append([]*Node{}, logits...), []tensor.Shape{tensor.ScalarShape(), {cols}, {cols}}
	for _, l := range logits {
		outs = append(outs, l.Shape().Clone())
	}
	if s := c.Segments; s != nil {
		if s.Dtype() != tensor.Int32 || s.Shape().TotalSize() != rows {
			return fail("segments of %v %v, expected int32 and %d of them", s.Dtype(), s.Shape(), rows)
		}
		inputs = append(inputs, s)
	}
	if (c.Targets == nil) != (c.Scale == nil) {
		return fail("targets and their scale, expected both or none")
	}
	if c.Scale != nil {
		if t := c.Targets; t.Dtype() != tensor.Int32 || c.Scale.Shape().TotalSize() != 1 {
			return fail("targets of %v and a scale of shape %v, expected int32 and [1]", t.Dtype(), c.Scale.Shape())
		}
		inputs = append(inputs, c.Targets, c.Scale)
	}
	op.parts = g.applyTuple("route balance", op, outs, inputs...)
	return op.parts[balanceLoss], Routing{Choices: op.parts[balanceChoices], Probabilities: op.parts[balanceProbabilities]}
}

// balanceOp has the inputs logits of each layer, maybe the segments, and maybe targets and scale; its outputs
// are the parts below and then the gradient of each layer's logits. The parts of the rows that choose are
// constants to the gradient, as the loss's authors have it.
type balanceOp struct {
	base
	route          routeOp // what is chosen; no node of its own
	layers         int
	padded, scaled bool
	parts          []*Node
}

// Parts of a balanceOp.
const (
	balanceLoss = iota
	balanceChoices
	balanceProbabilities
	balanceGrads
)

func (o *balanceOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	for l := range o.layers {
		diff[l] = true
	}
	return diff
}

func (o *balanceOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	for l := range o.layers {
		grads[l] = o.g.scaleBy(o.parts[balanceGrads+l], grad)
	}
	return grads, o.g.err
}

func (o *balanceOp) lower(c *call) func() error {
	return pick(c, lowerBalance[float32], lowerBalance[float64])(o, c)
}

func lowerBalance[T kernels.Float](o *balanceOp, c *call) func() error {
	b := newBalance[T](o)
	for l := range o.layers {
		logits := in[T](c, l)
		b.logits = append(b.logits, logits)
		b.grads = append(b.grads, orSpare(out[T](c, balanceGrads+l).data, len(logits)))
	}
	next := o.layers
	if o.padded {
		b.segments = c.ins[next].i32
		next++
	}
	var targets []int32
	var scale []T
	if o.scaled {
		targets, scale = c.ins[next].i32, in[T](c, next+1)
	}
	loss := orSpare(out[T](c, balanceLoss).data, 1)
	choices, probabilities := orSpare(out[T](c, balanceChoices).data, b.cols), orSpare(out[T](c, balanceProbabilities).data, b.cols)
	return func() error {
		weight := 1.0
		if scale != nil {
			weight = float64(scale[0]) * float64(counted(targets))
		}
		b.count()
		loss[0] = T(weight * b.loss())
		b.differentiate(weight)
		for e := range b.cols {
			choices[e], probabilities[e] = T(b.choices[e]), T(b.probabilities[e])
		}
		return nil
	}
}

// counted returns how many targets aren't ignored.
func counted(targets []int32) int {
	n := 0
	for _, t := range targets {
		if t >= 0 {
			n++
		}
	}
	return n
}

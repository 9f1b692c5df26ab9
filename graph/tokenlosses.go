package graph

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TokenLosses is the cross entropy of each row that LinearCrossEntropy tells, [rows], as a value to compute with: losses of preference
// are functions of it. It is the negative log-probability of the target, 0 where that is ignored. The backward pass computes the logits
// again rather than to keep them, so it costs a product more than LinearCrossEntropy. Of the config Scale is left out.
func (g *Graph) TokenLosses(x, w, b, targets *Node, c CrossEntropyConfig) *Node {
	if g.err != nil {
		return g.broken
	}
	rows, in := rowsOf(x.Shape())
	ws := w.Shape()
	switch {
	case ws.Dims() != 2 || ws[1] != in:
		return g.Fail(fmt.Errorf("graph: token losses: weight %q of shape %v, expected [V, %d]", w.Name(), ws, in))
	case b != nil && !b.Shape().Eq(tensor.Shape{ws[0]}):
		return g.Fail(fmt.Errorf("graph: token losses: bias of shape %v, expected [%d]", b.Shape(), ws[0]))
	case targets.Dtype() != tensor.Int32 || targets.Shape().TotalSize() != rows:
		return g.Fail(fmt.Errorf("graph: token losses: targets of %v %v, expected int32 and %d of them", targets.Dtype(), targets.Shape(), rows))
	case c.LabelSmoothing < 0 || c.LabelSmoothing >= 1:
		return g.Fail(fmt.Errorf("graph: token losses: label smoothing %g, expected [0, 1)", c.LabelSmoothing))
	}
	op := &tokenLossOp{config: kernels.LinearCrossEntropyConfig{Rows: rows, In: in, Vocab: ws[0], SoftCap: c.SoftCap, LabelSmoothing: c.LabelSmoothing, BFloat16: g.bfloat16}}
	inputs := []*Node{x, w, targets}
	if b != nil {
		op.bias, inputs = true, append(inputs, b)
	}
	op.parts = g.applyTuple("token losses", op, []tensor.Shape{{rows}, {rows}}, inputs...)
	return op.parts[0]
}

// SquaredProbabilities returns log Σ p² of the probabilities that all tokens of the vocabulary have at each row, [rows], for what TokenLosses returned; 0
// where the target is ignored. It has no gradient. It returns nil for losses that come from elsewhere.
func (g *Graph) SquaredProbabilities(tokenLosses *Node) *Node {
	if op, ok := tupleOf(tokenLosses).(*tokenLossOp); ok {
		return op.parts[1]
	}
	return nil
}

// tokenLossOp has the inputs x, w, targets and maybe the bias, and the outputs losses and squares of probabilities.
type tokenLossOp struct {
	base
	bias   bool
	config kernels.LinearCrossEntropyConfig
	parts  []*Node
}

func (o *tokenLossOp) unpacks(i int) bool { return i == 1 }

func (o *tokenLossOp) scratch([]bool) int { return o.g.logitElements(o.config, false) }

func (o *tokenLossOp) flops() float64 {
	return 2 * float64(o.config.Rows) * float64(o.config.In) * float64(o.config.Vocab)
}

func (o *tokenLossOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	diff[0], diff[1] = true, true
	if o.bias {
		diff[3] = true
	}
	return diff
}

func (o *tokenLossOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	outs := []tensor.Shape{in[0].Shape().Clone(), in[1].Shape().Clone()}
	if o.bias {
		outs = append(outs, in[3].Shape().Clone())
	}
	parts := o.g.applyTuple("token losses backward", &tokenLossGradOp{of: o}, outs, append(append([]*Node{}, in...), grad)...)
	grads := make(gorgonia.Nodes, len(in))
	grads[0], grads[1] = parts[0], parts[1]
	if o.bias {
		grads[3] = parts[2]
	}
	return grads, o.g.err
}

func (o *tokenLossOp) lower(c *call) func() error {
	return pick(c, lowerTokenLosses[float32], lowerTokenLosses[float64])(o, c)
}

func lowerTokenLosses[T kernels.Float](o *tokenLossOp, c *call) func() error {
	dst := out[T](c, 0).data
	kernel, targets, b := tokenLossKernel[T](o, c, true)
	kernel.Squares = out[T](c, 1).data
	x, w, loss := in[T](c, 0), in[T](c, 1), make([]T, 1)
	return func() error {
		if err := checkTargets(targets, o.config.Vocab); err != nil {
			return err
		}
		kernel.Run(loss, dst, nil, nil, nil, x, w, b, targets, 1, false, false, false)
		return nil
	}
}

// tokenLossKernel prepares the kernel of either pass, for a weight and a bias of which no gradient is found or another.
func tokenLossKernel[T kernels.Float](o *tokenLossOp, c *call, frozen bool) (kernel *kernels.LinearCrossEntropy[T], targets []int32, b []T) {
	config := o.config
	config.Frozen = frozen
	kernel = kernels.NewLinearCrossEntropy[T](config)
	kernel.Packed, kernel.Logits = c.ins[1].packed, scratch[T](c)
	if o.bias {
		b = in[T](c, 3)
	}
	return kernel, c.ins[2].i32, b
}

// checkTargets refuses targets that are no row of the head's weight.
func checkTargets(targets []int32, vocab int) error {
	for i, target := range targets {
		if int(target) >= vocab {
			return fmt.Errorf("target %d at position %d is outside of the vocabulary of %d", target, i, vocab)
		}
	}
	return nil
}

// tokenLossGradOp has the inputs of a tokenLossOp and the gradient of the losses, and the gradients of x, w and maybe the bias as outputs.
type tokenLossGradOp struct {
	base
	of *tokenLossOp
}

func (o *tokenLossGradOp) unpacks(i int) bool       { return i == 1 }
func (o *tokenLossGradOp) accumulates(int) bool     { return true }
func (o *tokenLossGradOp) inPlace(out, in int) bool { return out == 0 && in == 0 }
func (o *tokenLossGradOp) flops() float64           { return 3 * o.of.flops() }

func (o *tokenLossGradOp) scratch(wanted []bool) int {
	return o.g.logitElements(o.of.config, slices.Contains(wanted[1:], true))
}

func (o *tokenLossGradOp) lower(c *call) func() error {
	return pick(c, lowerTokenLossGrads[float32], lowerTokenLossGrads[float64])(o.of, c)
}

func lowerTokenLossGrads[T kernels.Float](o *tokenLossOp, c *call) func() error {
	dx, dw := out[T](c, 0), out[T](c, 1)
	var db output[T]
	if o.bias {
		db = out[T](c, 2)
	}
	kernel, targets, b := tokenLossKernel[T](o, c, dw.data == nil && db.data == nil)
	x, w, loss := in[T](c, 0), in[T](c, 1), make([]T, 1)
	kernel.RowScales = in[T](c, len(c.ins)-1)
	return func() error {
		kernel.Run(loss, nil, dx.data, dw.data, db.data, x, w, b, targets, 1, dx.add(), dw.add(), db.add())
		return nil
	}
}

package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CrossEntropyConfig configures Graph.LinearCrossEntropy.
type CrossEntropyConfig struct {
	// Scale [1] multiplies the sum of the targets' losses. Nil means one over the
	// number of targets, the mean; training that accumulates over several batches
	// gives one over the number of targets in all of them.
	Scale *Node
	// Weights [rows] multiply the loss of each row in the sum, ≥ 0; the losses of rows are told without. Nil counts each target once. The mean is
	// then over the sum of the targets' weights.
	Weights        *Node
	SoftCap        float64 // logits z become c·tanh(z/c); 0 means no cap
	LabelSmoothing float64 // mass spread evenly over the vocabulary, in [0, 1); default 0
}

// LinearCrossEntropy is the cross entropy of the logits x·Wᵀ + b against
// targets, for x [..., D], w [V, D], b [V] or nil, and targets int32, one for each row
// of x; a negative target is ignored. It returns the loss, a scalar, and the loss of
// each row (0 where ignored). The logits [rows, V] are never held: rows go in
// chunks, and the gradients are formed on the way.
func (g *Graph) LinearCrossEntropy(x, w, b, targets *Node, c CrossEntropyConfig) (loss, rowLosses *Node) {
	if g.err != nil {
		return g.broken, g.broken
	}
	rows, in := rowsOf(x.Shape())
	ws := w.Shape()
	fail := func(format string, args ...any) (*Node, *Node) {
		n := g.Fail(fmt.Errorf("graph: cross entropy: "+format, args...))
		return n, n
	}
	if ws.Dims() != 2 || ws[1] != in {
		return fail("weight of shape %v, expected [V, %d]", ws, in)
	}
	if b != nil && !b.Shape().Eq(tensor.Shape{ws[0]}) {
		return fail("bias of shape %v, expected [%d]", b.Shape(), ws[0])
	}
	if targets.Dtype() != tensor.Int32 || targets.Shape().TotalSize() != rows {
		return fail("targets of %v %v, expected int32 and %d of them", targets.Dtype(), targets.Shape(), rows)
	}
	if c.LabelSmoothing < 0 || c.LabelSmoothing >= 1 {
		return fail("label smoothing %g, expected [0, 1)", c.LabelSmoothing)
	}
	op := &crossEntropyOp{bias: b != nil, weighted: c.Weights != nil, scaled: c.Scale != nil, config: kernels.LinearCrossEntropyConfig{
		Rows: rows, In: in, Vocab: ws[0], SoftCap: c.SoftCap, LabelSmoothing: c.LabelSmoothing, BFloat16: g.bfloat16,
	}}
	inputs := []*Node{x, w, targets}
	outs := []tensor.Shape{tensor.ScalarShape(), {rows}, {rows}, x.Shape().Clone(), ws.Clone()}
	if b != nil {
		inputs = append(inputs, b)
		outs = append(outs, b.Shape().Clone())
	}
	if c.Weights != nil {
		if c.Weights.Shape().TotalSize() != rows || c.Weights.Dtype() != g.dtype {
			return fail("weights of %v %v, expected %v and %d of them", c.Weights.Dtype(), c.Weights.Shape(), g.dtype, rows)
		}
		inputs = append(inputs, c.Weights)
	}
	if c.Scale != nil {
		if c.Scale.Shape().TotalSize() != 1 {
			return fail("scale of shape %v, expected [1]", c.Scale.Shape())
		}
		inputs = append(inputs, c.Scale)
	}
	op.parts = g.applyTuple("linear+cross entropy", op, outs, inputs...)
	return op.parts[0], op.parts[1]
}

// Hits returns which predictions are right, for the losses of rows that LinearCrossEntropy returned: [rows], 1 where no
// score is greater than that of the target, nor an equal one before it, and 0 elsewhere and where the target is ignored. It
// returns nil for losses that come from elsewhere.
func (g *Graph) Hits(rowLosses *Node) *Node {
	if op, ok := tupleOf(rowLosses).(*crossEntropyOp); ok {
		return op.parts[partHits]
	}
	return nil
}

// tupleOf returns the operation that a node is a part of the result of, or nil.
func tupleOf(n *Node) fused {
	if part, ok := n.Op().(*partOp); ok {
		return part.tuple
	}
	return nil
}

// crossEntropyOp has the inputs x, w, targets, maybe the bias, the weights and the scale, and the
// outputs loss, rows' losses, hits, dx, dw, and maybe db.
type crossEntropyOp struct {
	base
	bias, weighted, scaled bool
	config                 kernels.LinearCrossEntropyConfig
	parts                  []*Node
}

// Parts of a crossEntropyOp.
const (
	partLoss = iota
	partRowLosses
	partHits
	partDX
	partDW
	partDB
)

// weightsAt returns the number of the input that has the weights.
func (o *crossEntropyOp) weightsAt() int {
	if o.bias {
		return 4
	}
	return 3
}

func (o *crossEntropyOp) scratch(wanted []bool) int {
	return o.g.logitElements(o.config, wanted[partDW] || o.bias && wanted[partDB])
}

// logitElements returns the working memory of a loss, with or without gradients of the weight and the bias.
func (g *Graph) logitElements(c kernels.LinearCrossEntropyConfig, gradients bool) int {
	c.Frozen = !gradients
	if g.dtype == tensor.Float64 {
		return kernels.LogitElements[float64](c)
	}
	return kernels.LogitElements[float32](c)
}

func (o *crossEntropyOp) unpacks(i int) bool { return i == 1 }

func (o *crossEntropyOp) accumulates(i int) bool   { return i >= partDX }
func (o *crossEntropyOp) inPlace(out, in int) bool { return out == partDX && in == 0 }

// flops counts the products of a training step.
func (o *crossEntropyOp) flops() float64 {
	return 6 * float64(o.config.Rows) * float64(o.config.In) * float64(o.config.Vocab)
}

func (o *crossEntropyOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	diff[0], diff[1] = true, true
	if o.bias {
		diff[3] = true
	}
	return diff
}

func (o *crossEntropyOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	grads[0] = o.g.scaleBy(o.parts[partDX], grad)
	grads[1] = o.g.scaleBy(o.parts[partDW], grad)
	if o.bias {
		grads[3] = o.g.scaleBy(o.parts[partDB], grad)
	}
	return grads, o.g.err
}

func (o *crossEntropyOp) lower(c *call) func() error {
	return pick(c, lowerCrossEntropy[float32], lowerCrossEntropy[float64])(o, c)
}

func lowerCrossEntropy[T kernels.Float](o *crossEntropyOp, c *call) func() error {
	x, w, targets := in[T](c, 0), in[T](c, 1), c.ins[2].i32
	var b, scale []T
	if o.bias {
		b = in[T](c, 3)
	}
	if o.scaled {
		scale = in[T](c, len(c.ins)-1)
	}
	var weights []T
	if o.weighted {
		weights = in[T](c, o.weightsAt())
	}
	loss, nll := orSpare(out[T](c, partLoss).data, 1), out[T](c, partRowLosses).data
	dx, dw := out[T](c, partDX), out[T](c, partDW)
	var db output[T]
	if o.bias {
		db = out[T](c, partDB)
	}
	config := o.config
	config.Frozen = dw.data == nil && db.data == nil
	kernel := kernels.NewLinearCrossEntropy[T](config)
	kernel.Packed, kernel.RowScales = c.ins[1].packed, weights
	kernel.Hits, kernel.Logits = out[T](c, partHits).data, scratch[T](c)
	return func() error {
		if err := checkTargets(targets, o.config.Vocab); err != nil {
			return err
		}
		factor := 0.0 // the mean
		if scale != nil {
			factor = float64(scale[0])
		}
		kernel.Run(loss, nll, dx.data, dw.data, db.data, x, w, b, targets, factor, dx.add(), dw.add(), db.add())
		return nil
	}
}

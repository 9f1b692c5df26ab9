package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// DivergenceConfig configures Graph.Divergence and Graph.TopDivergence.
type DivergenceConfig struct {
	// Beta is in [0, 1]: 0 is KL(teacher‖student), 1 is KL(student‖teacher), and between them it is the weight of the teacher in the mixture m
	// of β·KL(teacher‖m) + (1-β)·KL(student‖m) (Agarwal et al., 2024).
	Beta float64
	// Targets int32 tells which rows count, those whose target isn't negative, and of which token the cross entropy is told.
	Targets *Node
}

// Divergence is how far the softmax of each row of logits [..., V] is from that of a teacher's logits of the same shape, [rows], and the cross entropy of
// the targets, [rows], which is for figures and has no gradient. Both are 0 where a target is negative. Nothing flows back to the teacher.
func (g *Graph) Divergence(logits, teacher *Node, c DivergenceConfig) (losses, crossEntropy *Node) {
	if g.err != nil {
		return g.broken, g.broken
	}
	if !logits.Shape().Eq(teacher.Shape()) {
		return g.failDivergence("a teacher's logits of shape %v, expected those of the student, %v", teacher.Shape(), logits.Shape())
	}
	return g.divergence(&divergenceOp{}, c, logits, teacher)
}

// TopDivergence is Divergence from a teacher of which only the logarithms [..., K] of the probabilities of K tokens a row are known, whose ids [..., K] are
// told; no id may come twice in a row. All other tokens count as one that has what is left of 1.
func (g *Graph) TopDivergence(logits, ids, logProbs *Node, c DivergenceConfig) (losses, crossEntropy *Node) {
	if g.err != nil {
		return g.broken, g.broken
	}
	rows, _ := rowsOf(logits.Shape())
	known, top := rowsOf(ids.Shape())
	if ids.Dtype() != tensor.Int32 || !ids.Shape().Eq(logProbs.Shape()) || known != rows {
		return g.failDivergence("ids of %v %v with logarithms of shape %v, expected int32, the same shape, and %d rows", ids.Dtype(), ids.Shape(), logProbs.Shape(), rows)
	}
	return g.divergence(&divergenceOp{top: top}, c, logits, logProbs, ids)
}

func (g *Graph) failDivergence(format string, args ...any) (*Node, *Node) {
	n := g.Fail(fmt.Errorf("graph: divergence: "+format, args...))
	return n, n
}

func (g *Graph) divergence(op *divergenceOp, c DivergenceConfig, inputs ...*Node) (losses, crossEntropy *Node) {
	op.rows, op.vocab = rowsOf(inputs[0].Shape())
	op.of = kernels.Divergence{Beta: c.Beta}
	switch {
	case !(c.Beta >= 0 && c.Beta <= 1):
		return g.failDivergence("beta %g, expected [0, 1]", c.Beta)
	case c.Targets == nil || c.Targets.Dtype() != tensor.Int32 || c.Targets.Shape().TotalSize() != op.rows:
		return g.failDivergence("expected %d targets of int32", op.rows)
	}
	stats := tensor.Shape{op.rows, kernels.DivergenceStats}
	op.parts = g.applyTuple("divergence", op, []tensor.Shape{{op.rows}, {op.rows}, stats}, append(inputs, c.Targets)...)
	return op.parts[0], op.parts[1]
}

// divergenceOp has the inputs logits, the teacher's, maybe ids, and targets, and the outputs losses, cross entropies and stats.
type divergenceOp struct {
	base
	rows, vocab int
	top         int // tokens that are known of a row; 0 for all
	of          kernels.Divergence
	parts       []*Node
}

func (o *divergenceOp) scratch([]bool) int { return o.rows * o.top }

func (o *divergenceOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	diff[0] = true
	return diff
}

func (o *divergenceOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	grads := make(gorgonia.Nodes, len(in))
	grads[0] = o.g.apply("divergence backward", &divergenceGradOp{of: o}, in[0].Shape().Clone(), append(append([]*Node{}, in...), o.parts[2], grad)...)
	return grads, o.g.err
}

func (o *divergenceOp) lower(c *call) func() error {
	return pick(c, lowerDivergence[float32], lowerDivergence[float64])(o, c)
}

// divergenceRows is what either pass reads.
type divergenceRows[T kernels.Float] struct {
	*divergenceOp
	logits, teacher, own []T
	ids, targets         []int32
}

func newDivergenceRows[T kernels.Float](o *divergenceOp, c *call) divergenceRows[T] {
	r := divergenceRows[T]{divergenceOp: o, logits: in[T](c, 0), teacher: in[T](c, 1), targets: c.ins[2].i32}
	if o.top > 0 {
		r.ids, r.targets, r.own = c.ins[2].i32, c.ins[3].i32, scratch[T](c)
	}
	return r
}

// check refuses tokens that are none of the vocabulary.
func (r divergenceRows[T]) check() error {
	for i, id := range r.ids {
		if id < 0 || int(id) >= r.vocab {
			return fmt.Errorf("token %d of the teacher at position %d is outside of the vocabulary of %d", id, i/r.top, r.vocab)
		}
	}
	return checkTargets(r.targets, r.vocab)
}

func lowerDivergence[T kernels.Float](o *divergenceOp, c *call) func() error {
	r := newDivergenceRows[T](o, c)
	losses, entropies, stats := orSpare(out[T](c, 0).data, o.rows), orSpare(out[T](c, 1).data, o.rows), orSpare(out[T](c, 2).data, o.rows*kernels.DivergenceStats)
	run := spread(o.rows, rowGrain(o.vocab), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			losses[i], entropies[i] = 0, 0
			if r.targets[i] < 0 {
				continue
			}
			z, kept := r.logits[i*o.vocab:(i+1)*o.vocab], stats[i*kernels.DivergenceStats:(i+1)*kernels.DivergenceStats]
			if o.top > 0 {
				at, end := i*o.top, (i+1)*o.top
				losses[i] = T(kernels.TopDivergenceRow(o.of, r.own[at:end], kept, z, r.ids[at:end], r.teacher[at:end]))
			} else {
				losses[i] = T(kernels.DivergenceRow(o.of, kept, z, r.teacher[i*o.vocab:(i+1)*o.vocab]))
			}
			entropies[i] = kept[0] - z[r.targets[i]]
		}
	})
	return func() error {
		if err := r.check(); err != nil {
			return err
		}
		run()
		return nil
	}
}

// divergenceGradOp has the inputs of a divergenceOp, its stats and the gradient of the losses, and the gradient of the logits as its output.
type divergenceGradOp struct {
	base
	of *divergenceOp
}

func (o *divergenceGradOp) inPlace(_, i int) bool { return i == 0 }
func (o *divergenceGradOp) scratch([]bool) int    { return o.of.scratch(nil) }

func (o *divergenceGradOp) lower(c *call) func() error {
	return pick(c, lowerDivergenceGrad[float32], lowerDivergenceGrad[float64])(o.of, c)
}

func lowerDivergenceGrad[T kernels.Float](o *divergenceOp, c *call) func() error {
	r := newDivergenceRows[T](o, c)
	dst, stats, grad := out[T](c, 0).data, in[T](c, len(c.ins)-2), in[T](c, len(c.ins)-1)
	run := spread(o.rows, rowGrain(o.vocab), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			at, end := i*o.vocab, (i+1)*o.vocab
			if r.targets[i] < 0 {
				clear(dst[at:end])
				continue
			}
			kept := stats[i*kernels.DivergenceStats : (i+1)*kernels.DivergenceStats]
			if o.top > 0 {
				lo, hi := i*o.top, (i+1)*o.top
				kernels.TopDivergenceRowGrad(o.of, r.own[lo:hi], dst[at:end], kept, r.logits[at:end], r.ids[lo:hi], r.teacher[lo:hi], float64(grad[i]))
			} else {
				kernels.DivergenceRowGrad(o.of, dst[at:end], kept, r.logits[at:end], r.teacher[at:end], float64(grad[i]))
			}
		}
	})
	return func() error { run(); return nil }
}

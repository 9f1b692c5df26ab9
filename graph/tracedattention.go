package graph

import (
	"cmp"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// A TracedAttention is an attention of a trace that can be looked at: those of Attention and PackedAttention. Those that read a cache
// or cells aren't among them.
type TracedAttention struct {
	Batch, Heads, Queries, Keys int
	Cross                       bool // keys are of another sequence

	op     *attentionOp
	inputs []*Node
}

// Attentions returns the attentions that the trace has so far, in the order in which they were traced.
func (g *Graph) Attentions() []TracedAttention {
	var all []TracedAttention
	if g.err != nil {
		return nil
	}
	nodes := slices.Clone(g.expr.AllNodes())
	slices.SortFunc(nodes, func(a, b *Node) int { return cmp.Compare(a.ID(), b.ID()) })
	for _, n := range nodes {
		op, ok := n.Op().(*attentionOp)
		if !ok {
			continue
		}
		s := op.shape
		all = append(all, TracedAttention{s.batch, op.config.Heads, s.queries, s.keys, op.config.Cross, op, children(g.expr, n)})
	}
	return all
}

// Weights returns with what weight each query takes each key, [B, H, T, S], which attention itself never holds. The rows add up to 1, or
// to 0 where a query sees no key. Dropout is left out, and there is no gradient.
func (a TracedAttention) Weights() *Node {
	shape := tensor.Shape{a.Batch, a.Heads, a.Queries, a.Keys}
	return a.op.g.apply("attention weights", &attentionWeightsOp{of: a.op}, shape, a.inputs...)
}

// attentionWeightsOp has the inputs of the attention that it is of.
type attentionWeightsOp struct {
	base
	of *attentionOp
}

func (o *attentionWeightsOp) lower(c *call) func() error {
	return pick(c, lowerAttentionWeights[float32], lowerAttentionWeights[float64])(o, c)
}

func lowerAttentionWeights[T kernels.Float](o *attentionWeightsOp, c *call) func() error {
	var sources [][]T
	for i := range o.of.sources {
		sources = append(sources, in[T](c, i))
	}
	q, k, _ := split(o.of, sources)
	dst, m := out[T](c, 0).data, mask[T](o.of, c, o.of.sources)
	attention := kernels.NewAttention[T](o.of.kernel())
	return func() error {
		attention.Weights(dst, q, k, m)
		return nil
	}
}

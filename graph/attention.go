package graph

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// AttentionConfig configures Graph.Attention and Graph.PackedAttention.
type AttentionConfig struct {
	Heads    int       // H, > 0
	KVHeads  int       // heads of keys and values, a divisor of Heads; 0 means Heads
	Scale    float64   // of the scores; 0 means 1/√K
	Causal   bool      // query i sees keys up to its own position; default false
	Window   int       // a query sees this many keys up to its own; 0 means all
	Prefix   int       // the first keys that every query sees in spite of Causal; default 0
	Cross    bool      // keys are of another sequence: queries have no segment and see all keys but padding; default false
	SoftCap  float64   // scores s become c·tanh(s/c); 0 means no cap
	Slopes   []float64 // ALiBi slopes, one a head (Press et al., 2021); nil for none
	Segments *Node     // [B, S] int32: queries see keys of their own segment only, -1 is padding; nil for one segment
	Bias     *Node     // [H, T, S] added to the scores; nil for none
	Dropout  float64   // probability with which a weight is dropped in a trace for training, as by Graph.Dropout; default 0
}

// Attention computes softmax(scale·q·kᵀ + masks)·v for each head (Vaswani et al.,
// 2017), for q [B, T, H·K] and k, v [B, S, KVHeads·K], to [B, T, H·K]. With S
// longer than T, the queries are the last T positions. The T×S matrix of scores is
// never held.
func (g *Graph) Attention(q, k, v *Node, c AttentionConfig) *Node {
	b, t, width := g.Dims3(q)
	_, s, kvWidth := g.Dims3(k)
	if g.err != nil {
		return g.broken
	}
	if !k.Shape().Eq(v.Shape()) || k.Shape()[0] != b {
		return g.Fail(fmt.Errorf("graph: attention: queries %v, keys %v and values %v don't fit", q.Shape(), k.Shape(), v.Shape()))
	}
	return g.attention(c, attentionShape{b, t, s, width, kvWidth}, q, k, v)
}

// PackedAttention is Attention of a position on itself and others of one
// sequence, with queries, keys and values side by side in qkv [B, T, (H+2·KVHeads)·K].
func (g *Graph) PackedAttention(qkv *Node, c AttentionConfig) *Node {
	b, t, width := g.Dims3(qkv)
	if g.err != nil {
		return g.broken
	}
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	heads := c.Heads + 2*c.KVHeads
	if heads == 0 || width%heads != 0 {
		return g.Fail(fmt.Errorf("graph: attention: width %d is not divisible by %d heads", width, heads))
	}
	size := width / heads
	return g.attention(c, attentionShape{b, t, t, c.Heads * size, c.KVHeads * size}, qkv)
}

// attentionShape has the dimensions B, T, S and the widths of queries and of keys.
type attentionShape struct{ batch, queries, keys, width, kvWidth int }

func (g *Graph) attention(c AttentionConfig, s attentionShape, qkv ...*Node) *Node {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	switch {
	case c.Heads <= 0 || s.width%c.Heads != 0:
		return g.Fail(fmt.Errorf("graph: attention: width %d is not divisible by %d heads", s.width, c.Heads))
	case c.Heads%c.KVHeads != 0:
		return g.Fail(fmt.Errorf("graph: attention: %d heads are not divisible by %d key/value heads", c.Heads, c.KVHeads))
	case s.kvWidth != s.width/c.Heads*c.KVHeads:
		return g.Fail(fmt.Errorf("graph: attention: keys are %d wide, expected %d heads of %d", s.kvWidth, c.KVHeads, s.width/c.Heads))
	case s.keys < s.queries && c.Causal:
		return g.Fail(fmt.Errorf("graph: attention: causal with %d queries and only %d keys", s.queries, s.keys))
	case c.Dropout < 0 || c.Dropout >= 1:
		return g.Fail(fmt.Errorf("graph: attention: dropout %g, expected [0, 1)", c.Dropout))
	case c.Slopes != nil && len(c.Slopes) != c.Heads:
		return g.Fail(fmt.Errorf("graph: attention: %d slopes for %d heads", len(c.Slopes), c.Heads))
	}
	inputs := append([]*Node{}, qkv...)
	if c.Segments != nil {
		if !c.Segments.Shape().Eq(tensor.Shape{s.batch, s.keys}) || c.Segments.Dtype() != tensor.Int32 {
			return g.Fail(fmt.Errorf("graph: attention: segments %v %v, expected int32 [%d, %d]", c.Segments.Dtype(), c.Segments.Shape(), s.batch, s.keys))
		}
		inputs = append(inputs, c.Segments)
	}
	if c.Bias != nil {
		if !c.Bias.Shape().Eq(tensor.Shape{c.Heads, s.queries, s.keys}) {
			return g.Fail(fmt.Errorf("graph: attention: bias %v, expected [%d, %d, %d]", c.Bias.Shape(), c.Heads, s.queries, s.keys))
		}
		inputs = append(inputs, c.Bias)
	}
	if !g.Training() {
		c.Dropout = 0
	}
	op := &attentionOp{config: c, shape: s, sources: len(qkv), stream: g.lastID + 1}
	outs := []tensor.Shape{{s.batch, s.queries, s.width}, {s.batch, c.Heads, s.queries}}
	op.parts = g.applyTuple("attention", op, outs, inputs...)
	return op.parts[0]
}

// attentionOp has the inputs qkv or q, k and v, then maybe segments and bias;
// its outputs are the result and the log-sum-exp of the scores.
type attentionOp struct {
	base
	config  AttentionConfig
	shape   attentionShape
	sources int    // 1 for packed, 3 for separate
	stream  uint64 // of random numbers
	parts   []*Node
}

// kernel returns what the kernels are told.
func (o *attentionOp) kernel() kernels.AttentionConfig {
	c, s := o.config, o.shape
	k := kernels.AttentionConfig{
		Batch: s.batch, Queries: s.queries, Keys: s.keys,
		Heads: c.Heads, KVHeads: c.KVHeads, HeadSize: s.width / c.Heads,
		QStride: s.width, KStride: s.kvWidth, VStride: s.kvWidth, OStride: s.width,
		Scale: c.Scale, Causal: c.Causal, Cross: c.Cross, Window: c.Window, Prefix: c.Prefix, SoftCap: c.SoftCap, Slopes: c.Slopes, Dropout: c.Dropout,
	}
	if o.sources == 1 {
		row := s.width + 2*s.kvWidth
		k.QStride, k.KStride, k.VStride = row, row, row
	}
	if k.Scale == 0 {
		k.Scale = 1 / math.Sqrt(float64(k.HeadSize))
	}
	return k
}

// flops counts the two products on the part of the scores that the masks leave,
// for causal attention half.
func (o *attentionOp) flops() float64 {
	s := o.shape
	n := 4 * float64(s.batch) * float64(s.queries) * float64(s.keys) * float64(s.width)
	if o.config.Causal {
		n /= 2
	}
	return n
}

// recompute is for lean traces, where it takes at most half of the operations of a product that keeps the width, such as the one behind it: of
// causal attention, texts at most half as long as the model is wide. Longer ones cost more time than their memory is worth.
func (o *attentionOp) recompute(lean bool) bool {
	s := o.shape
	product := 2 * float64(s.batch) * float64(s.queries) * float64(s.width) * float64(s.width)
	return lean && o.flops() <= product/2
}

func (o *attentionOp) DiffWRT(inputs int) []bool {
	diff := make([]bool, inputs)
	for i := range diff {
		diff[i] = i < o.sources || o.config.Bias != nil && i == inputs-1
	}
	return diff
}

func (o *attentionOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	var outs []tensor.Shape
	for i, diff := range o.DiffWRT(len(in)) {
		if diff {
			outs = append(outs, in[i].Shape().Clone())
		}
	}
	inputs := append([]*Node{grad, o.parts[0], o.parts[1]}, in...)
	op := &attentionGradOp{forward: o}
	var found []*Node
	if len(outs) == 1 {
		found = []*Node{o.g.apply("attention backward", op, outs[0], inputs...)}
	} else {
		found = o.g.applyTuple("attention backward", op, outs, inputs...)
	}
	grads := make(gorgonia.Nodes, len(in))
	for i, diff := range o.DiffWRT(len(in)) {
		if diff {
			grads[i], found = found[0], found[1:]
		}
	}
	return grads, o.g.err
}

// split returns queries, keys and values from one packed or three separate buffers.
func split[T kernels.Float](o *attentionOp, sources [][]T) (q, k, v []T) {
	if o.sources == 3 {
		return sources[0], sources[1], sources[2]
	}
	if sources[0] == nil {
		return nil, nil, nil
	}
	return sources[0], sources[0][o.shape.width:], sources[0][o.shape.width+o.shape.kvWidth:]
}

// mask reads the segments and the bias, which are the inputs from first on.
func mask[T kernels.Float](o *attentionOp, c *call, first int) kernels.AttentionMask[T] {
	var m kernels.AttentionMask[T]
	if o.config.Segments != nil {
		m.Segments = c.ins[first].i32
		first++
	}
	if o.config.Bias != nil {
		m.Bias = in[T](c, first)
	}
	return m
}

func (o *attentionOp) lower(c *call) func() error {
	return pick(c, lowerAttention[float32], lowerAttention[float64])(o, c)
}

func lowerAttention[T kernels.Float](o *attentionOp, c *call) func() error {
	var sources [][]T
	for i := range o.sources {
		sources = append(sources, in[T](c, i))
	}
	q, k, v := split(o, sources)
	dst, lse := out[T](c, 0).data, out[T](c, 1).data
	m := mask[T](o, c, o.sources)
	attention := kernels.NewAttention[T](o.kernel())
	return func() error {
		m.Seed, m.Stream = c.random.Seed, c.random.stream(o.stream)
		attention.Forward(dst, lse, q, k, v, m)
		return nil
	}
}

// attentionGradOp has the inputs dout, out, the log-sum-exp, and the forward
// operation's inputs; its outputs are the gradients of those that have one.
type attentionGradOp struct {
	base
	forward *attentionOp
}

// flops counts five products for the forward operation's two.
func (o *attentionGradOp) flops() float64 { return 2.5 * o.forward.flops() }

func (o *attentionGradOp) scratch([]bool) int {
	c := o.forward.kernel()
	return c.PartialElements()
}

func (o *attentionGradOp) lower(c *call) func() error {
	return pick(c, lowerAttentionGrad[float32], lowerAttentionGrad[float64])(o, c)
}

func lowerAttentionGrad[T kernels.Float](o *attentionGradOp, c *call) func() error {
	const given = 3
	f := o.forward
	var sources, grads [][]T
	for i := range f.sources {
		source := in[T](c, given+i)
		sources = append(sources, source)
		grads = append(grads, orSpare(out[T](c, i).data, len(source)))
	}
	q, k, v := split(f, sources)
	dq, dk, dv := split(f, grads)
	var dbias []T
	if f.config.Bias != nil {
		dbias = out[T](c, f.sources).data
	}
	dout, result, lse := in[T](c, 0), in[T](c, 1), in[T](c, 2)
	m := mask[T](f, c, given+f.sources)
	attention := kernels.NewAttention[T](f.kernel())
	attention.Partial = scratch[T](c)
	return func() error {
		m.Seed, m.Stream = c.random.Seed, c.random.stream(f.stream)
		attention.Backward(dq, dk, dv, dbias, dout, result, lse, q, k, v, m)
		return nil
	}
}

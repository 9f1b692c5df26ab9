package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// CachedCrossAttention attends from q [B, T, H·K] to the S keys and values of another
// sequence, to [B, T, H·K]. Given k and v [B, S, KVHeads·K] are stored in the cache, whose
// length is S; where they are nil, those stored before are used. c.Segments [B, S] marks
// padding among them with -1. Nothing is dropped, and there is no gradient.
func (g *Graph) CachedCrossAttention(q, k, v *Node, cache *Cache, c AttentionConfig) *Node {
	b, t, width := g.Dims3(q)
	if g.err != nil {
		return g.broken
	}
	fail := func(format string, args ...any) *Node {
		return g.Fail(fmt.Errorf("graph: cached cross attention: "+format, args...))
	}
	if err := cache.fit(g.dtype, q, &c); err != nil {
		return fail("%w", err)
	}
	stored := tensor.Shape{cache.batch, cache.length, cache.width}
	c.Cross, c.Causal, c.Window, c.Prefix, c.Bias = true, false, 0, 0, nil
	inputs := []*Node{q}
	if c.Segments != nil {
		if !c.Segments.Shape().Eq(stored[:2]) || c.Segments.Dtype() != tensor.Int32 {
			return fail("segments %v %v, expected int32 %v", c.Segments.Dtype(), c.Segments.Shape(), stored[:2])
		}
		inputs = append(inputs, c.Segments)
	}
	if k != nil {
		if !k.Shape().Eq(stored) || !v.Shape().Eq(stored) {
			return fail("keys %v and values %v for a cache of %v", k.Shape(), v.Shape(), stored)
		}
		inputs = append(inputs, k, v)
	}
	op := &cachedCrossOp{cached: newCached(cache, c, attentionShape{b, t, cache.length, width, cache.width}), stores: k != nil}
	return g.apply("cached cross attention", op, q.Shape().Clone(), inputs...)
}

// cachedCrossOp has the inputs q, maybe the segments, and maybe k and v.
type cachedCrossOp struct {
	cached
	stores bool
}

func (o *cachedCrossOp) lower(c *call) func() error {
	return pick(c, lowerCachedCross[float32], lowerCachedCross[float64])(o, c)
}

func lowerCachedCross[T kernels.Float](o *cachedCrossOp, c *call) func() error {
	dst, q := out[T](c, 0).data, in[T](c, 0)
	keys, values := o.cache.keys.Data().([]T), o.cache.values.Data().([]T)
	var m kernels.AttentionMask[T]
	if o.attention.config.Segments != nil {
		m.Segments = c.ins[1].i32
	}
	attention := kernels.NewAttention[T](o.attention.kernel())
	return func() error {
		if o.stores {
			copy(keys, in[T](c, len(c.ins)-2))
			copy(values, in[T](c, len(c.ins)-1))
		}
		attention.Forward(dst, nil, q, keys, values, m)
		return nil
	}
}

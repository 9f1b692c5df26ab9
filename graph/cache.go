package graph

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/tensor"
)

// A Cache holds the keys and values of the positions that an attention has seen, so
// that a text grows by a token without its beginning being computed again. It lives
// outside of any trace, as a Param does.
type Cache struct {
	batch, length, width int
	keys, values         *tensor.Dense // [B, S, W]
}

// NewCache makes room for B texts of S positions, W wide: KVHeads·K.
func NewCache(dt tensor.Dtype, batch, length, width int) *Cache {
	shape := tensor.Shape{batch, length, width}
	return &Cache{batch: batch, length: length, width: width, keys: newDense(dt, shape), values: newDense(dt, shape)}
}

// Reorder makes text i what text rows[i] was, for searches that go on with some of
// their candidates several times and with others not at all.
func (c *Cache) Reorder(rows []int) {
	for _, t := range []*tensor.Dense{c.keys, c.values} {
		switch d := t.Data().(type) {
		case []float32:
			reorder(d, rows, c.length*c.width)
		case []float64:
			reorder(d, rows, c.length*c.width)
		}
	}
}

func reorder[T kernels.Float](data []T, rows []int, size int) {
	old := make([]T, len(rows)*size)
	for i, row := range rows {
		copy(old[i*size:(i+1)*size], data[row*size:(row+1)*size])
	}
	copy(data, old)
}

// fit tells why queries [B, T, H·K] don't fit the cache, or nil, and completes the
// configuration.
func (c *Cache) fit(dt tensor.Dtype, q *Node, config *AttentionConfig) error {
	if config.KVHeads == 0 {
		config.KVHeads = config.Heads
	}
	batch, width, heads, kv := q.Shape()[0], q.Shape()[2], config.Heads, config.KVHeads
	if c.keys.Dtype() != dt || c.batch != batch {
		return fmt.Errorf("queries %v don't fit a cache of %v %v", q.Shape(), c.keys.Dtype(), c.keys.Shape())
	}
	if heads <= 0 || width%heads != 0 || heads%kv != 0 || c.width != width/heads*kv {
		return fmt.Errorf("widths %d and %d for %d heads and %d key/value heads", width, c.width, heads, kv)
	}
	return nil
}

// cached is what operations that attend to a cache have in common.
type cached struct {
	base
	attention attentionOp // what is computed once the cache is filled; no node of its own
	cache     *Cache
}

func newCached(cache *Cache, c AttentionConfig, shape attentionShape) cached {
	c.Dropout = 0
	return cached{attention: attentionOp{config: c, shape: shape, sources: 3}, cache: cache}
}

func (o *cached) flops() float64 { return o.attention.flops() }

// CachedAttention stores the keys and values of tokens in a cache and attends to
// what it holds, for q [B, T, H·K] and k, v [B, T, KVHeads·K], to [B, T, H·K]. at [B, T]
// int32 are the tokens' positions. One token a text (T = 1) sees the positions up to
// its own; several are the beginning of their text, at the positions 0, 1, …, and see
// each other. What lies in the cache beyond a token's position doesn't matter, so texts may
// be padded at their end. Attention is causal, a bias is [H, T, S] for one token and
// [H, T, T] for several. Nothing is dropped, and there is no gradient.
func (g *Graph) CachedAttention(q, k, v *Node, cache *Cache, at *Node, c AttentionConfig) *Node {
	b, t, width := g.Dims3(q)
	if g.err != nil {
		return g.broken
	}
	fail := func(format string, args ...any) *Node {
		return g.Fail(fmt.Errorf("graph: cached attention: "+format, args...))
	}
	if err := cache.fit(g.dtype, q, &c); err != nil {
		return fail("%w", err)
	}
	if want := (tensor.Shape{b, t, cache.width}); !k.Shape().Eq(want) || !v.Shape().Eq(want) {
		return fail("keys %v and values %v, expected %v", k.Shape(), v.Shape(), want)
	}
	if at.Dtype() != tensor.Int32 || !at.Shape().Eq(tensor.Shape{b, t}) {
		return fail("positions %v %v, expected int32 [%d, %d]", at.Dtype(), at.Shape(), b, t)
	}
	if t > cache.length {
		return fail("%d tokens for a cache of %d positions", t, cache.length)
	}
	shape, window := attentionShape{b, t, t, width, cache.width}, c.Window
	if t == 1 { // the mask says what the one token sees
		shape.keys = cache.length
		c.Cross, c.Causal, c.Window, c.Prefix = true, false, 0, 0
	} else {
		c.Causal = true
	}
	inputs := []*Node{q, k, v, at}
	if c.Bias != nil {
		if !c.Bias.Shape().Eq(tensor.Shape{c.Heads, t, shape.keys}) {
			return fail("bias %v, expected [%d, %d, %d]", c.Bias.Shape(), c.Heads, t, shape.keys)
		}
		inputs = append(inputs, c.Bias)
	}
	op := &cachedAttentionOp{cached: newCached(cache, c, shape), window: window}
	return g.apply("cached attention", op, q.Shape().Clone(), inputs...)
}

// cachedAttentionOp has the inputs q, k, v, the positions and maybe the bias.
type cachedAttentionOp struct {
	cached
	window int
}

func (o *cachedAttentionOp) lower(c *call) func() error {
	return pick(c, lowerCachedAttention[float32], lowerCachedAttention[float64])(o, c)
}

func lowerCachedAttention[T kernels.Float](o *cachedAttentionOp, c *call) func() error {
	dst, q, k, v, at := out[T](c, 0).data, in[T](c, 0), in[T](c, 1), in[T](c, 2), c.ins[3].i32
	keys, values := o.cache.keys.Data().([]T), o.cache.values.Data().([]T)
	s, w := o.attention.shape, o.cache.width
	var m kernels.AttentionMask[T]
	if o.attention.config.Bias != nil {
		m.Bias = in[T](c, 4)
	}
	store := func() error {
		for i, p := range at {
			if p < 0 || int(p) >= o.cache.length {
				return fmt.Errorf("position %d, the cache has %d", p, o.cache.length)
			}
			cell := i/s.queries*o.cache.length + int(p)
			copy(keys[cell*w:(cell+1)*w], k[i*w:(i+1)*w])
			copy(values[cell*w:(cell+1)*w], v[i*w:(i+1)*w])
		}
		return nil
	}
	switch {
	case s.queries > 1:
		attention := kernels.NewAttention[T](o.attention.kernel())
		return func() error {
			if err := store(); err != nil {
				return err
			}
			attention.Forward(dst, nil, q, k, v, m)
			return nil
		}
	case m.Bias != nil:
		m.Segments = make([]int32, s.batch*s.keys)
		attention := kernels.NewAttention[T](o.attention.kernel())
		return func() error {
			if err := store(); err != nil {
				return err
			}
			o.show(m.Segments, at)
			attention.Forward(dst, nil, q, keys, values, m)
			return nil
		}
	}
	config := o.attention.kernel()
	config.Window = o.window
	attention, texts := kernels.NewDecoding[T](config), make([]kernels.DecodingText, s.batch)
	return func() error {
		if err := store(); err != nil {
			return err
		}
		for i, p := range at {
			texts[i] = kernels.DecodingText{Query: i, Key: i * o.cache.length, Keys: int(p) + 1}
		}
		attention.Forward(dst, q, keys, values, texts)
		return nil
	}
}

// show marks the cells that one token of each text sees.
func (o *cachedAttentionOp) show(cells, at []int32) {
	n := o.cache.length
	for b, p := range at {
		first := 0
		if o.window > 0 {
			first = max(0, int(p)+1-o.window)
		}
		for i := range n {
			cells[b*n+i] = -1
			if i >= first && i <= int(p) {
				cells[b*n+i] = 0
			}
		}
	}
}

package layers

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
)

// AttentionConfig configures NewAttention.
type AttentionConfig struct {
	Width    int     // D, > 0
	Heads    int     // H, > 0
	KVHeads  int     // heads of keys and values, a divisor of H; 0 means H
	HeadSize int     // K; 0 means D/H, which must divide
	Packed   bool    // one projection makes queries, keys and values; default three
	ByHead   bool    // the packed one makes each head's query, key and value side by side; default all heads' queries, then keys, then values
	Bias     bool    // the projections to queries, keys and values have biases; default false
	OutBias  bool    // the projection of the result has a bias; default false
	InOut    bool    // weights are stored [In, Out]; default [Out, In]
	Causal   bool    // a token sees itself and what precedes it; default false
	Window   int     // a token sees this many tokens, up to itself; 0 means all
	Prefix   int     // the first tokens that all see in spite of Causal; default 0
	Scale    float64 // of the scores; 0 means 1/√K
	SoftCap  float64 // scores s become c·tanh(s/c); 0 means no cap
	ALiBi    bool    // scores fall with the distance (Press et al., 2021); default false
	// Rotary turns queries and keys by their positions; nil for none. Its HeadSize is set to K.
	Rotary *RotaryConfig
	// QueryKeyNorm normalises each head's queries and keys (Henry et al., 2020); nil
	// for none. Its Width is set to K.
	QueryKeyNorm *NormConfig
	WholeNorm    bool       // that norm goes over all heads together, and has the width of the projection; default false
	Dropout      float64    // of the attention weights; default 0
	Init         graph.Init // of the projections to queries, keys and values; default Xavier uniform
	QueryInit    graph.Init // of the projection to queries, unless packed; default Init
	OutInit      graph.Init // of the projection of the result; default Init
	Names        AttentionNames
}

// AttentionNames are the folders of the projections in the parameter tree.
type AttentionNames struct {
	Packed string // default "qkv"
	Query  string // default "query"
	Key    string // default "key"
	Value  string // default "value"
	Out    string // default "out"

	QueryNorm string // default "query_norm"
	KeyNorm   string // default "key_norm"
}

// Attention is multi-head attention (Vaswani et al., 2017): each head weighs
// values by softmax(scale·q·kᵀ), and a projection mixes the heads' results.
type Attention struct {
	QKV               *Linear // to (H + 2·KVHeads)·K, if packed
	Query, Key, Value *Linear // to H·K and KVHeads·K, unless packed
	Out               *Linear // from H·K to D
	QueryNorm         *Norm   // of K elements, or H·K; nil for none
	KeyNorm           *Norm   // likewise

	config AttentionConfig
	rotary *Rotary
}

// NewAttention makes the projections.
func NewAttention(c AttentionConfig, p *graph.Params) *Attention {
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if err := c.validate(); err != nil {
		p.Fail(err)
		return &Attention{}
	}
	if c.HeadSize == 0 {
		c.HeadSize = c.Width / c.Heads
	}
	names := c.Names
	in := func(name, fallback string, heads int, init graph.Init) *Linear {
		return NewLinear(LinearConfig{In: c.Width, Out: heads * c.HeadSize, Bias: c.Bias, InOut: c.InOut, Init: init}, p.Sub(or(name, fallback)))
	}
	a := &Attention{config: c}
	if c.Packed {
		a.QKV = in(names.Packed, "qkv", c.Heads+2*c.KVHeads, c.Init)
	} else {
		a.Query = in(names.Query, "query", c.Heads, c.QueryInit.Or(c.Init))
		a.Key = in(names.Key, "key", c.KVHeads, c.Init)
		a.Value = in(names.Value, "value", c.KVHeads, c.Init)
	}
	out := LinearConfig{In: c.Heads * c.HeadSize, Out: c.Width, Bias: c.OutBias, InOut: c.InOut, Init: c.OutInit.Or(c.Init)}
	a.Out = NewLinear(out, p.Sub(or(names.Out, "out")))
	if c.QueryKeyNorm != nil {
		norm := *c.QueryKeyNorm
		norm.Width = c.HeadSize
		if c.WholeNorm {
			norm.Width = c.Heads * c.HeadSize
		}
		a.QueryNorm = NewNorm(norm, p.Sub(or(names.QueryNorm, "query_norm")))
		if c.WholeNorm {
			norm.Width = c.KVHeads * c.HeadSize
		}
		a.KeyNorm = NewNorm(norm, p.Sub(or(names.KeyNorm, "key_norm")))
	}
	if c.Rotary != nil {
		rotary := *c.Rotary
		rotary.HeadSize = c.HeadSize
		a.rotary = NewRotary(rotary, p)
	}
	return a
}

func (c AttentionConfig) validate() error {
	switch {
	case c.Width <= 0 || c.Heads <= 0 || c.KVHeads <= 0 || c.HeadSize < 0:
		return fmt.Errorf("layers: attention: width %d, %d heads and %d key/value heads of size %d, expected positive numbers", c.Width, c.Heads, c.KVHeads, c.HeadSize)
	case c.HeadSize == 0 && c.Width%c.Heads != 0:
		return fmt.Errorf("layers: attention: width %d is not divisible by %d heads", c.Width, c.Heads)
	case c.Heads%c.KVHeads != 0:
		return fmt.Errorf("layers: attention: %d heads are not divisible by %d key/value heads", c.Heads, c.KVHeads)
	case c.Window < 0 || c.Prefix < 0:
		return fmt.Errorf("layers: attention: window %d and prefix %d, expected at least 0", c.Window, c.Prefix)
	case c.Window > 0 && !c.Causal:
		return fmt.Errorf("layers: attention: a window needs causal attention")
	case c.ByHead && (!c.Packed || c.KVHeads != c.Heads):
		return fmt.Errorf("layers: attention: queries, keys and values head by head need a packed projection and as many key/value heads as heads")
	case c.Packed && c.QueryKeyNorm != nil:
		return fmt.Errorf("layers: attention: a norm of queries and keys needs three projections, not a packed one")
	}
	return nil
}

// or returns name, or fallback if it is empty.
func or(name, fallback string) string {
	if name == "" {
		return fallback
	}
	return name
}

// Forward lets the tokens of x [B, T, D] see each other, to [B, T, D].
func (a *Attention) Forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	return a.Out.Forward(g, a.attend(g, x, pass))
}

// attend returns the heads' results [B, T, H·K].
func (a *Attention) attend(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	c := a.kernel()
	c.Segments, c.Bias = pass.Segments, pass.Bias
	if a.QKV != nil && pass.Cache == nil && pass.Cells == nil {
		qkv := a.packed(g, x)
		if a.rotary != nil {
			qkv = a.rotary.Forward(g, qkv, a.config.Heads+a.config.KVHeads, pass)
		}
		return g.PackedAttention(qkv, c)
	}
	q, k, v := a.project(g, x)
	if a.QueryNorm != nil {
		q, k = a.normHeads(g, a.QueryNorm, q), a.normHeads(g, a.KeyNorm, k)
	}
	if a.rotary != nil {
		q, k = a.rotary.Forward(g, q, 0, pass), a.rotary.Forward(g, k, 0, pass)
	}
	if pass.Cells != nil {
		return a.attendCells(g, q, k, v, pass, c)
	}
	if pass.Cache == nil {
		return g.Attention(q, k, v, c)
	}
	if !a.config.Causal || pass.Positions == nil || pass.Segments != nil {
		return g.Fail(fmt.Errorf("layers: attention: a cache needs causal attention and positions, and takes no segments"))
	}
	part := pass.Cache.of(a, pass.Cache.length)
	if part == nil { // which takes what attention without a cache does
		return g.Attention(q, k, v, c)
	}
	return g.CachedAttention(q, k, v, part, pass.Positions, c)
}

// Cross lets the tokens of x [B, T, D] see what the pass has encoded, to [B, T, D]. Rotary
// positions and the masks among the tokens don't apply.
func (a *Attention) Cross(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	if a.QKV != nil || a.config.Causal {
		return g.Fail(fmt.Errorf("layers: attention: attention to another sequence needs three projections and isn't causal"))
	}
	c := a.kernel()
	c.Cross, c.Segments = true, pass.EncodedSegments
	q, k, v := a.Query.Forward(g, x), (*graph.Node)(nil), (*graph.Node)(nil)
	if pass.Encoded != nil {
		k, v = a.Key.Forward(g, pass.Encoded), a.Value.Forward(g, pass.Encoded)
	}
	if a.QueryNorm != nil {
		q = a.normHeads(g, a.QueryNorm, q)
		if k != nil {
			k = a.normHeads(g, a.KeyNorm, k)
		}
	}
	var part *graph.Cache
	if pass.Cache != nil {
		part = a.crossCache(g, pass, k)
	}
	heads := q // stands for the result where a sketch of a cache would have the keys
	switch {
	case part != nil:
		heads = g.CachedCrossAttention(q, k, v, part, c)
	case k != nil:
		heads = g.Attention(q, k, v, c)
	case pass.Cache == nil:
		return g.Fail(fmt.Errorf("layers: attention: no other sequence to look at: the pass has nothing encoded"))
	}
	return a.Out.Forward(g, heads)
}

// crossCache returns the part of the cache for keys k, or for those of an earlier pass.
func (a *Attention) crossCache(g *graph.Graph, pass Pass, k *graph.Node) *graph.Cache {
	length := 1
	if k != nil {
		_, length, _ = g.Dims3(k)
	}
	return pass.Cache.of(a, max(1, length))
}

// packed returns queries, keys and values [B, T, (H + 2·KVHeads)·K].
func (a *Attention) packed(g *graph.Graph, x *graph.Node) *graph.Node {
	qkv := a.QKV.Forward(g, x)
	if a.config.ByHead {
		const parts = 3
		qkv = g.Regroup(qkv, a.config.Heads, parts)
	}
	return qkv
}

// project returns queries [B, T, H·K], keys and values [B, T, KVHeads·K].
func (a *Attention) project(g *graph.Graph, x *graph.Node) (q, k, v *graph.Node) {
	if a.QKV == nil {
		return a.Query.Forward(g, x), a.Key.Forward(g, x), a.Value.Forward(g, x)
	}
	qkv, size := a.packed(g, x), a.config.HeadSize
	heads, kv := a.config.Heads, a.config.KVHeads
	return g.Slice(qkv, 0, heads*size), g.Slice(qkv, heads*size, (heads+kv)*size), g.Slice(qkv, (heads+kv)*size, (heads+2*kv)*size)
}

// normHeads normalises each head of x [B, T, heads·K], or all of them together.
func (a *Attention) normHeads(g *graph.Graph, norm *Norm, x *graph.Node) *graph.Node {
	if a.config.WholeNorm {
		return norm.Forward(g, x)
	}
	b, t, d := g.Dims3(x)
	if g.Err() != nil {
		return x
	}
	size := a.config.HeadSize
	return g.Reshape(norm.Forward(g, g.Reshape(x, b, t*d/size, size)), b, t, d)
}

// kernel returns what the trace's operation is told.
func (a *Attention) kernel() graph.AttentionConfig {
	c := a.config
	k := graph.AttentionConfig{
		Heads: c.Heads, KVHeads: c.KVHeads, Scale: c.Scale, Causal: c.Causal,
		Window: c.Window, Prefix: c.Prefix, SoftCap: c.SoftCap, Dropout: c.Dropout,
	}
	if c.ALiBi {
		k.Slopes = ALiBiSlopes(c.Heads)
	}
	return k
}

// ALiBiSlopes returns by how much the scores of each head fall with every position
// of distance: for a power of two heads 2^(-8/n), 2^(-16/n), …, and for others
// every other slope of twice as many in addition, as its authors do.
func ALiBiSlopes(heads int) []float64 {
	power := 1
	for 2*power <= heads {
		power *= 2
	}
	slopes := make([]float64, heads)
	for h := range slopes {
		if h < power {
			slopes[h] = math.Pow(2, -8*float64(h+1)/float64(power))
		} else {
			slopes[h] = math.Pow(2, -4*float64(2*(h-power)+1)/float64(power))
		}
	}
	return slopes
}

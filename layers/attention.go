package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// AttentionConfig configures NewAttention.
type AttentionConfig struct {
	Width    int     // D, > 0
	Heads    int     // H, > 0
	KVHeads  int     // heads of keys and values, a divisor of H; 0 means H
	HeadSize int     // K; 0 means D/H, which must divide
	Packed   bool    // one projection makes queries, keys and values; default three
	Bias     bool    // the projections to queries, keys and values have biases; default false
	OutBias  bool    // the projection of the result has a bias; default false
	InOut    bool    // weights are stored [In, Out]; default [Out, In]
	Causal   bool    // a token sees itself and what precedes it; default false
	Window   int     // a token sees this many tokens, up to itself; 0 means all
	Prefix   int     // the first tokens that all see in spite of Causal; default 0
	Scale    float64 // of the scores; 0 means 1/√K
	SoftCap  float64 // scores s become c·tanh(s/c); 0 means no cap
	// Dropout is the probability with which elements of the heads' results are
	// dropped before the projection; default 0. The attention weights themselves are never
	// held, so they can't be dropped.
	Dropout float64
	Init    graph.Init // of the projections to queries, keys and values; default Xavier uniform
	OutInit graph.Init // of the projection of the result; default Init
	Names   AttentionNames
}

// AttentionNames are the folders of the projections in the parameter tree.
type AttentionNames struct {
	Packed string // default "qkv"
	Query  string // default "query"
	Key    string // default "key"
	Value  string // default "value"
	Out    string // default "out"
}

// Attention is multi-head attention (Vaswani et al., 2017): each head weighs
// values by softmax(scale·q·kᵀ), and a projection mixes the heads' results.
type Attention struct {
	QKV               *Linear // to (H + 2·KVHeads)·K, if packed
	Query, Key, Value *Linear // to H·K and KVHeads·K, unless packed
	Out               *Linear // from H·K to D

	config AttentionConfig
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
	in := func(name, fallback string, heads int) *Linear {
		return NewLinear(LinearConfig{In: c.Width, Out: heads * c.HeadSize, Bias: c.Bias, InOut: c.InOut, Init: c.Init}, p.Sub(or(name, fallback)))
	}
	a := &Attention{config: c}
	if c.Packed {
		a.QKV = in(names.Packed, "qkv", c.Heads+2*c.KVHeads)
	} else {
		a.Query = in(names.Query, "query", c.Heads)
		a.Key = in(names.Key, "key", c.KVHeads)
		a.Value = in(names.Value, "value", c.KVHeads)
	}
	out := LinearConfig{In: c.Heads * c.HeadSize, Out: c.Width, Bias: c.OutBias, InOut: c.InOut, Init: c.OutInit.Or(c.Init)}
	a.Out = NewLinear(out, p.Sub(or(names.Out, "out")))
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
	c := a.kernel()
	c.Segments = pass.Segments
	var heads *graph.Node
	if a.QKV != nil {
		heads = g.PackedAttention(a.QKV.Forward(g, x), c)
	} else {
		heads = g.Attention(a.Query.Forward(g, x), a.Key.Forward(g, x), a.Value.Forward(g, x), c)
	}
	return a.Out.Forward(g, g.Dropout(heads, a.config.Dropout))
}

// kernel returns what the trace's operation is told.
func (a *Attention) kernel() graph.AttentionConfig {
	c := a.config
	return graph.AttentionConfig{
		Heads: c.Heads, KVHeads: c.KVHeads, Scale: c.Scale, Causal: c.Causal,
		Window: c.Window, Prefix: c.Prefix, SoftCap: c.SoftCap,
	}
}

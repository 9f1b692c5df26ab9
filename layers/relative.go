package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// RelativeBiasConfig configures NewRelativeBias.
type RelativeBiasConfig struct {
	Heads         int        // H, > 0
	Buckets       int        // trained biases of each head, a multiple of 2, or of 4 if bidirectional
	MaxDistance   int        // distances from here on share the last bucket
	Bidirectional bool       // keys behind the query have buckets of their own; default false
	Init          graph.Init // default normal(0, 0.02)
}

// RelativeBias is a trained bias on scores for each head and distance, or range of
// distances (Raffel et al., 2020). Layers share it.
type RelativeBias struct {
	Weight *graph.Param // [buckets, H]

	config RelativeBiasConfig
}

// NewRelativeBias makes the parameter "weight".
func NewRelativeBias(c RelativeBiasConfig, p *graph.Params) *RelativeBias {
	if c.Heads <= 0 || c.Buckets <= 0 || c.MaxDistance <= 0 {
		p.Fail(fmt.Errorf("layers: relative bias: %d heads, %d buckets and a largest distance of %d, expected positive numbers", c.Heads, c.Buckets, c.MaxDistance))
		return &RelativeBias{}
	}
	return &RelativeBias{Weight: p.New("weight", c.Init.Or(graph.Normal(0.02)), c.Buckets, c.Heads), config: c}
}

// Forward returns the biases [H, T, S] for a pass's Bias: of T tokens among
// themselves, or with a cache of one token and all positions in it.
func (r *RelativeBias) Forward(g *graph.Graph, tokens int, pass Pass) *graph.Node {
	c := graph.RelativeBiasConfig{
		Queries: tokens, Keys: tokens, Bidirectional: r.config.Bidirectional, MaxDistance: r.config.MaxDistance, At: pass.Positions,
	}
	if pass.Cache != nil && !pass.Cache.sketch && tokens == 1 {
		c.Keys = pass.Cache.length
	}
	return g.RelativeBias(g.Param(r.Weight), c)
}

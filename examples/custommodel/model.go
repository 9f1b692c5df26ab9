package main

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Config describes a Decoder.
type Config struct {
	Vocab, Length, Width, Heads, Blocks int
}

// Decoder is a language model of our own: attention and norms come from package layers, and the feed-forward is made of
// Gorgonia's operations, h·tanh(softplus(h)), an activation that Seahorse doesn't have (Mish; Misra, 2019).
type Decoder struct {
	embedding *layers.Embedding
	positions *layers.Sinusoidal
	blocks    []block
	norm      *layers.Norm
	params    *graph.Params
}

type block struct {
	norm1, norm2 *layers.Norm
	attention    *layers.Attention
	up, down     *layers.Linear
}

// NewDecoder makes a Decoder with random weights.
func NewDecoder(c Config, seed uint64) (*Decoder, error) {
	p := graph.NewParams(tensor.Float32, seed)
	norm := func(p *graph.Params) *layers.Norm {
		return layers.NewNorm(layers.NormConfig{Kind: layers.RMSNorm, Width: c.Width, Eps: 1e-6}, p)
	}
	d := &Decoder{
		embedding: layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.Vocab, Width: c.Width, Init: graph.Normal(0.1)}, p.Sub("embedding")),
		positions: layers.NewSinusoidal(layers.SinusoidalConfig{Length: c.Length, Width: c.Width}, p),
		norm:      norm(p.Sub("norm")),
		params:    p,
	}
	for i := range c.Blocks {
		p := p.Sub(fmt.Sprint("block", i))
		d.blocks = append(d.blocks, block{
			norm1:     norm(p.Sub("norm1")),
			attention: layers.NewAttention(layers.AttentionConfig{Width: c.Width, Heads: c.Heads, Causal: true}, p.Sub("attention")),
			norm2:     norm(p.Sub("norm2")),
			up:        layers.NewLinear(layers.LinearConfig{In: c.Width, Out: 4 * c.Width}, p.Sub("up")),
			down:      layers.NewLinear(layers.LinearConfig{In: 4 * c.Width, Out: c.Width}, p.Sub("down")),
		})
	}
	return d, p.Err()
}

// Params returns the parameters; with Loss it is all that package train asks of a model.
func (d *Decoder) Params() []*graph.Param { return d.params.All() }

// Loss traces the model on a batch.
func (d *Decoder) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	pass := layers.Pass{Segments: b.In[layers.Segments]}
	x := d.positions.Forward(g, d.embedding.Forward(g, b.Node(g, layers.IDs)), pass)
	for _, l := range d.blocks {
		x = g.Add(x, l.attention.Forward(g, l.norm1.Forward(g, x), pass))
		h := l.up.Forward(g, l.norm2.Forward(g, x))
		h = g.Check(gorgonia.HadamardProd(h, g.Check(gorgonia.Tanh(g.Check(gorgonia.Softplus(h))))))
		x = g.Add(x, l.down.Forward(g, h))
	}
	total, each := g.LinearCrossEntropy(d.norm.Forward(g, x), g.Param(d.embedding.Weight), nil, b.Node(g, layers.Targets), b.CrossEntropy())
	return layers.TokenLoss(g, total, each)
}

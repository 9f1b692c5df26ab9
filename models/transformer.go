package models

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Transformer is the encoder and decoder of "Attention Is All You Need" (Vaswani et al.,
// 2017): sinusoidal positions, norms after each sum, a feed-forward with ReLU, and one table
// of embeddings for sources, texts and the head.
type Transformer struct {
	Config      TransformerConfig
	Tokens      *layers.Embedding
	Positions   *layers.Sinusoidal
	Encoder     []*layers.Block
	Decoder     []*layers.Block
	EncoderNorm *layers.Norm // with PreNorm, else nil
	DecoderNorm *layers.Norm // likewise
	Output      *layers.LanguageHead

	params     *graph.Params
	generation generationFields // that the model was opened with
}

// NewTransformer makes a Transformer in the tree p. It returns what is wrong with the
// configuration or the tree.
func NewTransformer(c TransformerConfig, p *graph.Params) (*Transformer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Transformer{Config: c, params: p}
	// Embeddings are multiplied by √D; so they start at a variance of 1.
	width := float64(c.Width)
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{
		Vocab: c.VocabSize, Width: c.Width, Scale: math.Sqrt(width), Padding: c.PadTokenID, Init: graph.Normal(1 / math.Sqrt(width)),
	}, p.Sub("embed_tokens"))
	m.Positions = layers.NewSinusoidal(layers.SinusoidalConfig{Length: c.MaxPositions, Width: c.Width}, p)
	encoder, decoder := p.Sub("encoder"), p.Sub("decoder")
	for i := range c.EncoderLayers {
		m.Encoder = append(m.Encoder, layers.NewBlock(c.block(false), encoder.Sub("layers").Sub(fmt.Sprint(i))))
	}
	for i := range c.DecoderLayers {
		m.Decoder = append(m.Decoder, layers.NewBlock(c.block(true), decoder.Sub("layers").Sub(fmt.Sprint(i))))
	}
	if c.PreNorm {
		m.EncoderNorm = layers.NewNorm(c.norm(), encoder.Sub("norm"))
		m.DecoderNorm = layers.NewNorm(c.norm(), decoder.Sub("norm"))
	}
	m.Output = newOutput(layers.LanguageHeadConfig{Width: c.Width, Vocab: c.VocabSize, Init: graph.Normal(1 / math.Sqrt(width))}, m.Tokens, c.TieEmbeddings, p, "lm_head")
	return m, p.Err()
}

func (c TransformerConfig) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.LayerNorm, Width: c.Width, Eps: c.LayerNormEps, Bias: true}
}

func (c TransformerConfig) block(decodes bool) layers.BlockConfig {
	attention := layers.AttentionConfig{Width: c.Width, Heads: c.Heads, Bias: true, OutBias: true, Causal: decodes, Dropout: c.Dropout}
	b := layers.BlockConfig{
		Attention:   attention,
		FeedForward: layers.FeedForwardConfig{Width: c.Width, Hidden: c.Hidden, Activation: graph.ReLU, Bias: true, Dropout: c.Dropout},
		Norm:        c.norm(),
		Order:       layers.PostNorm,
		Dropout:     c.Dropout,
	}
	if c.PreNorm {
		b.Order = layers.PreNorm
	}
	if decodes {
		cross := attention
		cross.Causal = false
		b.Cross = &cross
	}
	return b
}

func (c TransformerConfig) build(o origin) (Model, error) {
	m, err := NewTransformer(c, o.tree())
	if err != nil {
		return nil, err
	}
	return m, o.checkTied(headName, m.Output, m.Tokens)
}

// Params returns the parameters in the order in which they were made.
func (m *Transformer) Params() []*graph.Param { return m.params.All() }

// Encode maps source ids [B, S] to states [B, S, D].
func (m *Transformer) Encode(g *graph.Graph, source, segments *graph.Node) *graph.Node {
	return m.forward(g, source, layers.Pass{Segments: segments}, m.Encoder, m.EncoderNorm)
}

// Hidden maps the decoder's ids [B, T] to the states [B, T, D] that Head scores.
func (m *Transformer) Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node {
	return m.forward(g, ids, pass, m.Decoder, m.DecoderNorm)
}

func (m *Transformer) forward(g *graph.Graph, ids *graph.Node, pass layers.Pass, blocks []*layers.Block, norm *layers.Norm) *graph.Node {
	if s := ids.Shape(); g.Err() == nil && (s.Dims() != 2 || s[1] > m.Config.MaxPositions) {
		return g.Fail(fmt.Errorf("models: transformer: ids of shape %v, expected [B, T] with at most %d tokens, the model's positions", s, m.Config.MaxPositions))
	}
	x := m.Positions.Forward(g, m.Tokens.Forward(g, ids), pass)
	x = g.Dropout(x, m.Config.Dropout)
	for _, b := range blocks {
		x = b.Forward(g, x, pass)
	}
	if norm != nil {
		x = norm.Forward(g, x)
	}
	return x
}

// Head maps hidden states [..., D] to logits [..., V].
func (m *Transformer) Head(g *graph.Graph, hidden *graph.Node) *graph.Node {
	return m.Output.Logits(g, hidden)
}

// Loss returns the cross entropy of a batch of tokens with sources.
func (m *Transformer) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	return pairLoss(g, m, m.Output, 1, b)
}

// VocabSize returns V.
func (m *Transformer) VocabSize() int { return m.Config.VocabSize }

// ContextLength returns the largest S and T.
func (m *Transformer) ContextLength() int { return m.Config.MaxPositions }

// StartToken returns the id that the decoder's texts begin with.
func (m *Transformer) StartToken() int32 { return int32(m.Config.StartTokenID) }

// Save writes the model's directory.
func (m *Transformer) Save(dir string) error {
	c := m.Config
	generation, err := m.generation.over(generationConfig{
		BosTokenID: &c.StartTokenID, EosTokenID: TokenIDs{c.EosTokenID}, PadTokenID: c.PadTokenID, StartTokenID: &c.StartTokenID,
	})
	if err != nil {
		return err
	}
	return save(dir, stored{c, "transformer", "", nil}, generation, m.Params())
}

package models

import (
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// NewGPT2 makes the decoder of "Language Models are Unsupervised Multitask Learners" (Radford et al., 2019) in the tree p: learned
// positions, blocks in pre-norm order, and a head that usually is the table of embeddings. Its parameters get Hugging Face's
// names. It returns what is wrong with the configuration or the tree.
func NewGPT2(c GPT2Config, p *graph.Params) (*Decoder, error) { return newDecoder(c, p) }

func (c GPT2Config) build(o origin) (Model, error) {
	std := graph.Normal(c.InitRange)
	parts := decoderParts{
		config: c, family: "gpt2", class: "GPT2LMHeadModel", bodyClass: "GPT2Model", architectures: c.Architectures,
		vocab: c.VocabSize, context: c.NPositions, dropout: c.EmbdDropout,
		names:     decoderNames{body: "transformer", tokens: "wte", positions: "wpe", blocks: "h", norm: "ln_f", head: "lm_head"},
		ignored:   []string{"attn.bias", "attn.masked_bias"}, // masks, which old files carry
		embedding: layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.NEmbd, Init: std},
		positions: &layers.LearnedPositionConfig{Length: c.NPositions, Width: c.NEmbd, Init: std},
		norm:      c.norm(),
		head:      layers.LanguageHeadConfig{Width: c.NEmbd, Vocab: c.VocabSize, Init: std},
		tied:      c.TieEmbeddings, generation: generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID},
	}
	for i := range c.NLayer {
		parts.blocks = append(parts.blocks, c.block(i))
	}
	return parts.build(o)
}

func (c GPT2Config) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.LayerNorm, Width: c.NEmbd, Eps: c.LayerNormEps, Bias: true}
}

func (c GPT2Config) block(layer int) layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	// Two parts a layer add to the residual stream; their last projections start smaller.
	out := graph.Normal(c.InitRange / math.Sqrt(2*float64(c.NLayer)))
	kind, _ := activation(c.Activation)
	scale := 1.0
	if c.ScaleAttn {
		scale = 1 / math.Sqrt(float64(c.NEmbd/c.NHead))
	}
	if c.ScaleAttnLayer {
		scale /= float64(layer + 1)
	}
	return layers.BlockConfig{
		Attention: layers.AttentionConfig{
			Width: c.NEmbd, Heads: c.NHead, Packed: true, Bias: true, OutBias: true, InOut: true, Causal: true,
			Scale: scale, Dropout: c.AttnDropout, Init: std, OutInit: out,
			Names: layers.AttentionNames{Packed: "c_attn", Out: "c_proj"},
		},
		FeedForward: layers.FeedForwardConfig{
			Width: c.NEmbd, Hidden: c.inner(), Activation: kind, Bias: true, InOut: true, Init: std, OutInit: out,
			Names: layers.FeedForwardNames{Up: "c_fc", Down: "c_proj"},
		},
		Norm:    c.norm(),
		Dropout: c.ResidDropout,
		Names:   layers.BlockNames{Attention: "attn", AttentionNorm: "ln_1", FeedForward: "mlp", FeedForwardNorm: "ln_2"},
	}
}

func sizeGPT2(_ Family, s Size) (Config, error) {
	if err := s.ungrouped(); err != nil {
		return nil, err
	}
	c := DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = s.Vocab, s.Context, s.Width, s.Layers, s.Heads
	if s.Inner > 0 {
		c.NInner = &s.Inner
	}
	c.EmbdDropout, c.AttnDropout, c.ResidDropout = s.Dropout, s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID = s.Start, oneToken(s.End)
	return c, nil
}

package models

import (
	"fmt"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// GPT2 is the decoder of "Language Models are Unsupervised Multitask Learners"
// (Radford et al., 2019): learned positions, blocks in pre-norm order, and a head
// that usually is the table of embeddings.
type GPT2 struct {
	Decoder
	Config GPT2Config
}

// NewGPT2 makes a GPT-2 in the tree p, whose parameters get Hugging Face's
// names. It returns what is wrong with the configuration or the tree.
func NewGPT2(c GPT2Config, p *graph.Params) (*GPT2, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &GPT2{Config: c}
	m.Decoder = Decoder{family: "gpt2", vocab: c.VocabSize, context: c.NPositions, dropout: c.EmbdDropout, params: p}
	std := graph.Normal(c.InitRange)
	body := p.Sub("transformer")
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.NEmbd, Init: std}, body.Sub("wte"))
	m.Positions = layers.NewLearnedPosition(layers.LearnedPositionConfig{Length: c.NPositions, Width: c.NEmbd, Init: std}, body.Sub("wpe"))
	for i := range c.NLayer {
		folder := body.Sub("h").Sub(fmt.Sprint(i))
		folder.Ignore("attn.bias") // masks, which old files carry
		folder.Ignore("attn.masked_bias")
		m.Blocks = append(m.Blocks, layers.NewBlock(c.block(i), folder))
	}
	m.Norm = layers.NewNorm(c.norm(), body.Sub("ln_f"))
	m.Output = newOutput(layers.LanguageHeadConfig{Width: c.NEmbd, Vocab: c.VocabSize, Init: std}, m.Tokens, c.TieEmbeddings, p)
	return m, p.Err()
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

// loadGPT2 reads a GPT-2 from Hugging Face's files, among them old ones, whose
// names lack the prefix "transformer." and which carry the head beside the equal
// table of embeddings.
func loadGPT2(config []byte, o origin) (Model, error) {
	c, err := parseGPT2Config(config)
	if err != nil {
		return nil, err
	}
	const prefix = "transformer."
	o = o.rename(func(stored string) string {
		if strings.HasPrefix(stored, prefix) || stored == headName {
			return stored
		}
		return prefix + stored
	})
	m, err := NewGPT2(c, o.tree())
	if err != nil {
		return nil, err
	}
	return m, o.checkTied(headName, m.Output, m.Tokens)
}

// Save writes the model's directory.
func (m *GPT2) Save(dir string) error {
	c := m.Config
	c.ModelType, c.Architectures, c.DType = "gpt2", []string{"GPT2LMHeadModel"}, elementType(m.Tokens.Weight)
	return save(dir, c, generationConfig{BosTokenID: c.BosTokenID, EosTokenID: oneToken(c.EosTokenID)}, m.Params())
}

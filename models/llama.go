package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Llama is the decoder of "LLaMA: Open and Efficient Foundation Language Models"
// (Touvron et al., 2023) and of those that followed it: RMS norms before each part, rotary
// positions, grouped heads and a gated feed-forward. Qwen adds biases (2) or norms of
// queries and keys (3), Mistral a sliding window, Mixtral a mixture of experts (Jiang et al., 2024).
type Llama struct {
	Decoder
	Config LlamaConfig
}

// NewLlama makes a model of the Llama family in the tree p, whose parameters get
// Hugging Face's names. It returns what is wrong with the configuration or the tree.
func NewLlama(c LlamaConfig, p *graph.Params) (*Llama, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Llama{Config: c}
	m.Decoder = Decoder{family: c.ModelType, vocab: c.VocabSize, context: c.context(), params: p}
	if c.ModelType == "mixtral" {
		m.experts = c.expertUse()
	}
	std := graph.Normal(c.InitRange)
	body := p.Sub("model")
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.HiddenSize, Init: std, Padding: c.PadTokenID}, body.Sub("embed_tokens"))
	for i := range c.NumLayers {
		folder := body.Sub("layers").Sub(fmt.Sprint(i))
		folder.Ignore("self_attn.rotary_emb.inv_freq") // which old files carry
		m.Blocks = append(m.Blocks, layers.NewBlock(c.block(i), folder))
	}
	m.Norm = layers.NewNorm(c.norm(), body.Sub("norm"))
	m.Output = newOutput(layers.LanguageHeadConfig{Width: c.HiddenSize, Vocab: c.VocabSize, Init: std}, m.Tokens, c.TieEmbeddings, p)
	return m, p.Err()
}

func (c LlamaConfig) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.RMSNorm, Width: c.HiddenSize, Eps: c.RMSNormEps}
}

func (c LlamaConfig) block(layer int) layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	kind, _ := activation(c.Activation)
	rotary, _ := c.rope().rotary(c.headSize(), c.MaxPositions)
	attention := layers.AttentionConfig{
		Width: c.HiddenSize, Heads: c.NumHeads, KVHeads: c.kvHeads(), HeadSize: c.headSize(),
		Bias: c.AttentionBias, OutBias: c.AttentionBias, Causal: true, Window: c.window(layer),
		Rotary: &rotary, Dropout: c.AttentionDropout, Init: std,
		Names: layers.AttentionNames{Query: "q_proj", Key: "k_proj", Value: "v_proj", Out: "o_proj", QueryNorm: "q_norm", KeyNorm: "k_norm"},
	}
	switch c.ModelType {
	case "mistral", "mixtral":
		attention.Bias, attention.OutBias = false, false
	case "qwen2":
		attention.Bias, attention.OutBias = true, false
	case "qwen3":
		attention.QueryKeyNorm = &layers.NormConfig{Kind: layers.RMSNorm, Eps: c.RMSNormEps}
	}
	b := layers.BlockConfig{
		Attention: attention,
		FeedForward: layers.FeedForwardConfig{
			Width: c.HiddenSize, Hidden: c.IntermediateSize, Activation: kind, Gated: true, Bias: c.MLPBias && c.ModelType == "llama", Init: std,
			Names: layers.FeedForwardNames{Gate: "gate_proj", Up: "up_proj", Down: "down_proj"},
		},
		Norm:  c.norm(),
		Names: layers.BlockNames{Attention: "self_attn", AttentionNorm: "input_layernorm", FeedForward: "mlp", FeedForwardNorm: "post_attention_layernorm"},
	}
	if c.ModelType == "mixtral" {
		b.Mixture = c.mixture(b.FeedForward)
		b.Names.FeedForward = "block_sparse_moe"
	}
	return b
}

func loadLlama(config []byte, o origin) (Model, error) {
	c, err := parseLlamaConfig(config)
	if err != nil {
		return nil, err
	}
	m, err := NewLlama(c, o.tree())
	if err != nil {
		return nil, err
	}
	return m, o.checkTied(headName, m.Output, m.Tokens)
}

// Save writes the model's directory.
func (m *Llama) Save(dir string) error {
	c := m.Config
	c.Architectures, c.DType = []string{llamaArchitectures[c.ModelType]}, elementType(m.Tokens.Weight)
	return save(dir, c, generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID, PadTokenID: c.PadTokenID}, m.Params())
}

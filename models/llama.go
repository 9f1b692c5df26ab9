package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// LlamaConfig is the config.json of "LLaMA: Open and Efficient Foundation Language Models" (Touvron et al., 2023) and of
// those that followed it, SmolLM among them.
type LlamaConfig struct {
	DecoderConfig
	AttentionBias bool `json:"attention_bias"`
	MLPBias       bool `json:"mlp_bias"`
}

// DefaultLlamaConfig returns a small Llama, SmolLM2 with 135 million parameters
// (Allal et al., 2025).
func DefaultLlamaConfig() LlamaConfig {
	return LlamaConfig{DecoderConfig: DecoderConfig{
		VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, NumLayers: 30, NumHeads: 9, NumKVHeads: 3,
		Activation: "silu", MaxPositions: 8192, InitRange: 0.02, RMSNormEps: 1e-5, TieEmbeddings: true,
		RopeConfig: RopeConfig{RopeParameters: &RopeParameters{Theta: 100000, Type: "default"}},
	}}
}

func llamaDefaults() LlamaConfig {
	return LlamaConfig{DecoderConfig: DecoderConfig{
		VocabSize: 32000, HiddenSize: 4096, IntermediateSize: 11008, NumLayers: 32, NumHeads: 32,
		Activation: "silu", MaxPositions: 2048, InitRange: 0.02, RMSNormEps: 1e-6, BosTokenID: pointer(1), EosTokenID: TokenIDs{2},
	}}
}

func sizeLlama(_ Family, s Size) (Config, error) {
	c := DefaultLlamaConfig()
	c.sized(s)
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c LlamaConfig) Validate() error { return c.validate(c.design()) }

// NewLlama makes a Llama in the tree p, whose parameters get Hugging Face's names. It returns what is wrong with the
// configuration or the tree.
func NewLlama(c LlamaConfig, p *graph.Params) (*Decoder, error) { return newDecoder(c, p) }

func (c LlamaConfig) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c LlamaConfig) design() decoderDesign {
	return decoderDesign{family: "llama", class: "Llama", block: func(_ int, b *layers.BlockConfig) {
		b.Attention.Bias, b.Attention.OutBias, b.FeedForward.Bias = c.AttentionBias, c.AttentionBias, c.MLPBias
	}}
}

package models

import "github.com/seahorse-ml/seahorse/layers"

// Glm4Config is the config.json of GLM-4-0414 (GLM Team, 2024): a Llama with norms on both sides of each part, one projection for gate
// and up, biases on queries, keys and values, and pairs of neighbours turned in a part of each head.
type Glm4Config struct {
	DecoderConfig
	AttentionBias bool `json:"attention_bias"` // of queries, keys and values
}

// DefaultGlm4Config returns GLM-4-9B-0414.
func DefaultGlm4Config() Glm4Config { return glm4Defaults() }

func glm4Defaults() Glm4Config {
	return Glm4Config{AttentionBias: true, DecoderConfig: DecoderConfig{
		VocabSize: 151552, HiddenSize: 4096, IntermediateSize: 13696, NumLayers: 40, NumHeads: 32, NumKVHeads: 2, HeadDim: 128,
		Activation: "silu", MaxPositions: 131072, InitRange: 0.02, RMSNormEps: 1.5625e-7,
		EosTokenID: TokenIDs{151329, 151336, 151338}, PadTokenID: pointer(151329),
	}}
}

func sizeGlm4(_ Family, s Size) (Config, error) {
	c := DefaultGlm4Config()
	c.sized(s)
	c.RopeParameters.PartialFactor = pointer(glm4Part)
	return c, nil
}

// glm4Part is the part of each head that is turned where a file doesn't say.
const glm4Part = 0.5

// Validate tells what is wrong with the configuration, or nil.
func (c Glm4Config) Validate() error { return c.validate(c.design()) }

func (c Glm4Config) build(o origin) (Model, error) {
	c.HeadDim = c.headSize() // which transformers takes another default for
	return c.DecoderConfig.build(c, c.design(), o)
}

func (c Glm4Config) design() decoderDesign {
	return decoderDesign{family: "glm4", class: "Glm4", part: glm4Part, block: func(_ int, b *layers.BlockConfig) {
		b.Attention.Bias, b.Attention.Rotary.Interleaved = c.AttentionBias, true
		b.FeedForward.Packed, b.FeedForward.Names.Packed = true, "gate_up_proj"
		b.Order = layers.Sandwich
		b.Names.AttentionOutNorm, b.Names.FeedForwardOutNorm = "post_self_attn_layernorm", "post_mlp_layernorm"
	}}
}

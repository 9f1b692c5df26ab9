package models

import "github.com/seahorse-ml/seahorse/layers"

// Olmo2Config is the config.json of "2 OLMo 2 Furious" (OLMo Team, 2024): a Llama whose norms follow the parts instead of preceding them,
// and with norms over all heads' queries and over all keys.
type Olmo2Config struct {
	DecoderConfig
	AttentionBias bool `json:"attention_bias"`
}

// DefaultOlmo2Config returns OLMo 2 with 1 billion parameters.
func DefaultOlmo2Config() Olmo2Config {
	c := olmo2Defaults()
	c.VocabSize, c.HiddenSize, c.IntermediateSize, c.NumLayers, c.NumHeads, c.MaxPositions, c.RMSNormEps = 100352, 2048, 8192, 16, 16, 4096, 1e-6
	c.RopeParameters = &RopeParameters{Theta: 500000, Type: "default"}
	c.EosTokenID, c.PadTokenID = TokenIDs{100257}, pointer(100277)
	return c
}

func olmo2Defaults() Olmo2Config {
	return Olmo2Config{DecoderConfig: DecoderConfig{
		VocabSize: 50304, HiddenSize: 4096, IntermediateSize: 11008, NumLayers: 32, NumHeads: 32,
		Activation: "silu", MaxPositions: 2048, InitRange: 0.02, RMSNormEps: 1e-5, EosTokenID: TokenIDs{50279}, PadTokenID: pointer(1),
	}}
}

func sizeOlmo2(_ Family, s Size) (Config, error) {
	c := DefaultOlmo2Config()
	c.sized(s)
	c.HeadDim = 0
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Olmo2Config) Validate() error { return c.validate(c.design()) }

func (c Olmo2Config) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c Olmo2Config) design() decoderDesign {
	return decoderDesign{family: "olmo2", class: "Olmo2", block: func(_ int, b *layers.BlockConfig) {
		norm := b.Norm
		b.Attention.Bias, b.Attention.OutBias = c.AttentionBias, c.AttentionBias
		b.Attention.QueryKeyNorm, b.Attention.WholeNorm = &norm, true
		b.Order = layers.OutNorm
		b.Names.AttentionNorm, b.Names.FeedForwardNorm = "post_attention_layernorm", "post_feedforward_layernorm"
	}}
}

package models

import "github.com/seahorse-ml/seahorse/layers"

// GraniteConfig is the config.json of the "Granite 3.0 Language Models" (Granite Team, 2024): a Llama with multipliers of its
// embeddings, its scores, what its parts add, and its logits.
type GraniteConfig struct {
	DecoderConfig
	AttentionBias  bool    `json:"attention_bias"`
	MLPBias        bool    `json:"mlp_bias"`
	EmbeddingScale float64 `json:"embedding_multiplier"`
	AttentionScale float64 `json:"attention_multiplier"` // of the scores, in place of 1/√K
	ResidualScale  float64 `json:"residual_multiplier"`  // of what each part of a block adds
	LogitsScale    float64 `json:"logits_scaling"`       // logits are divided by it
}

// DefaultGraniteConfig returns Granite 3.0 with 2 billion parameters.
func DefaultGraniteConfig() GraniteConfig {
	c := graniteDefaults()
	c.VocabSize, c.HiddenSize, c.IntermediateSize, c.NumLayers, c.NumHeads, c.NumKVHeads = 49155, 2048, 8192, 40, 32, 8
	c.MaxPositions, c.RMSNormEps, c.TieEmbeddings = 4096, 1e-5, true
	c.EmbeddingScale, c.AttentionScale, c.ResidualScale, c.LogitsScale = 12, 0.015625, 0.22, 8
	c.BosTokenID, c.EosTokenID, c.PadTokenID = pointer(0), TokenIDs{0}, pointer(0)
	c.RopeParameters = &RopeParameters{Theta: 10000, Type: "default"}
	return c
}

func graniteDefaults() GraniteConfig {
	return GraniteConfig{EmbeddingScale: 1, AttentionScale: 1, ResidualScale: 1, LogitsScale: 1, DecoderConfig: llamaDefaults().DecoderConfig}
}

// sizeGranite keeps the multipliers of the published model but for that of the scores, which follows from the size of a head.
func sizeGranite(_ Family, s Size) (Config, error) {
	c := DefaultGraniteConfig()
	c.sized(s)
	c.HeadDim, c.AttentionScale = 0, 1/float64(s.headSize())
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c GraniteConfig) Validate() error {
	for _, f := range []struct {
		name  string
		value float64
	}{
		{"embedding_multiplier", c.EmbeddingScale}, {"attention_multiplier", c.AttentionScale}, {"residual_multiplier", c.ResidualScale}, {"logits_scaling", c.LogitsScale},
	} {
		if !(f.value > 0) {
			return c.design().fail("%s is %g, expected it to be positive", f.name, f.value)
		}
	}
	return c.validate(c.design())
}

func (c GraniteConfig) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c GraniteConfig) design() decoderDesign {
	return decoderDesign{family: "granite", class: "Granite", embed: c.EmbeddingScale, scale: 1 / c.LogitsScale, block: func(_ int, b *layers.BlockConfig) {
		b.Attention.Bias, b.Attention.OutBias, b.FeedForward.Bias = c.AttentionBias, c.AttentionBias, c.MLPBias
		b.Attention.Scale, b.PartScale = c.AttentionScale, c.ResidualScale
	}}
}

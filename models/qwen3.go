package models

import "github.com/seahorse-ml/seahorse/layers"

// Qwen3Config is the config.json of the "Qwen3 Technical Report" (Qwen Team, 2025): a Llama with norms of each head's queries and keys.
type Qwen3Config struct {
	DecoderConfig
	QwenWindow
	AttentionBias bool `json:"attention_bias"`
}

func qwen3Defaults() Qwen3Config {
	c := Qwen3Config{DecoderConfig: qwen2Defaults().DecoderConfig, QwenWindow: qwen2Defaults().QwenWindow}
	c.HeadDim = 128
	return c
}

func sizeQwen3(_ Family, s Size) (Config, error) {
	c := Qwen3Config{DecoderConfig: DefaultLlamaConfig().DecoderConfig, QwenWindow: QwenWindow{MaxWindowLayers: s.Layers}}
	c.sized(s)
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Qwen3Config) Validate() error {
	d := c.design()
	if err := c.check(c.NumLayers); err != nil {
		return d.fail("%w", err)
	}
	return c.validate(d)
}

func (c Qwen3Config) build(o origin) (Model, error) {
	c.HeadDim = c.headSize() // which transformers takes another default for
	return c.DecoderConfig.build(c, c.design(), o)
}

func (c Qwen3Config) design() decoderDesign {
	return decoderDesign{family: "qwen3", class: "Qwen3", block: func(layer int, b *layers.BlockConfig) {
		b.Attention.Bias, b.Attention.OutBias, b.Attention.Window = c.AttentionBias, c.AttentionBias, c.window(layer)
		b.Attention.QueryKeyNorm = &layers.NormConfig{Kind: layers.RMSNorm, Eps: c.RMSNormEps}
	}}
}

package models

import "github.com/seahorse-ml/seahorse/layers"

// MistralConfig is the config.json of "Mistral 7B" (Jiang et al., 2023): a Llama in which a token sees those of a sliding window.
type MistralConfig struct {
	DecoderConfig
	SlidingWindow *int     `json:"sliding_window"`        // tokens that a token sees; nil for all
	LayerTypes    []string `json:"layer_types,omitempty"` // full_attention or sliding_attention for each layer; by default all slide
}

func mistralDefaults() MistralConfig {
	return MistralConfig{SlidingWindow: pointer(4096), DecoderConfig: DecoderConfig{
		VocabSize: 32000, HiddenSize: 4096, IntermediateSize: 14336, NumLayers: 32, NumHeads: 32, NumKVHeads: 8,
		Activation: "silu", MaxPositions: 131072, InitRange: 0.02, RMSNormEps: 1e-6, BosTokenID: pointer(1), EosTokenID: TokenIDs{2},
	}}
}

func sizeMistral(_ Family, s Size) (Config, error) {
	c := MistralConfig{SlidingWindow: pointer(4096), DecoderConfig: DefaultLlamaConfig().DecoderConfig}
	c.sized(s)
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c MistralConfig) Validate() error {
	d := c.design()
	if err := checkWindow(c.SlidingWindow); err != nil {
		return d.fail("%w", err)
	}
	if err := checkLayerTypes(c.LayerTypes, c.NumLayers, orZero(c.SlidingWindow)); err != nil {
		return d.fail("%w", err)
	}
	return c.validate(d)
}

func (c MistralConfig) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c MistralConfig) design() decoderDesign {
	return decoderDesign{family: "mistral", class: "Mistral", block: func(layer int, b *layers.BlockConfig) {
		if len(c.LayerTypes) == 0 || c.LayerTypes[layer] == slidingAttention {
			b.Attention.Window = orZero(c.SlidingWindow)
		}
	}}
}

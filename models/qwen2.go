package models

import "github.com/seahorse-ml/seahorse/layers"

// Qwen2Config is the config.json of the "Qwen2 Technical Report" (Qwen Team, 2024): a Llama with biases on queries, keys and values.
type Qwen2Config struct {
	DecoderConfig
	QwenWindow
}

// QwenWindow says which layers of a Qwen see a sliding window only.
type QwenWindow struct {
	SlidingWindow    *int     `json:"sliding_window"`        // tokens that a token sees, in layers that slide
	UseSlidingWindow bool     `json:"use_sliding_window"`    // whether any do; default false
	MaxWindowLayers  int      `json:"max_window_layers"`     // layers before the first that slides, where LayerTypes is empty
	LayerTypes       []string `json:"layer_types,omitempty"` // full_attention or sliding_attention for each layer
}

func qwen2Defaults() Qwen2Config {
	return Qwen2Config{QwenWindow: QwenWindow{SlidingWindow: pointer(4096), MaxWindowLayers: 28}, DecoderConfig: DecoderConfig{
		VocabSize: 151936, HiddenSize: 4096, IntermediateSize: 22016, NumLayers: 32, NumHeads: 32, NumKVHeads: 32,
		Activation: "silu", MaxPositions: 32768, InitRange: 0.02, RMSNormEps: 1e-6,
	}}
}

func sizeQwen2(_ Family, s Size) (Config, error) {
	c := Qwen2Config{DecoderConfig: DefaultLlamaConfig().DecoderConfig, QwenWindow: QwenWindow{MaxWindowLayers: s.Layers}}
	c.sized(s)
	c.HeadDim = 0 // which its readers don't know
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Qwen2Config) Validate() error {
	d := c.design()
	if err := c.check(c.NumLayers); err != nil {
		return d.fail("%w", err)
	}
	return c.validate(d)
}

func (c Qwen2Config) build(o origin) (Model, error) { return c.DecoderConfig.build(c, c.design(), o) }

func (c Qwen2Config) design() decoderDesign {
	return decoderDesign{family: "qwen2", class: "Qwen2", block: func(layer int, b *layers.BlockConfig) {
		b.Attention.Bias, b.Attention.Window = true, c.window(layer)
	}}
}

// check tells what is wrong with the windows of n layers, or nil.
func (w QwenWindow) check(n int) error {
	if err := checkWindow(w.SlidingWindow); err != nil {
		return err
	}
	return checkLayerTypes(w.LayerTypes, n, orZero(w.SlidingWindow))
}

// window returns how many tokens a token sees in a layer, 0 for all.
func (w QwenWindow) window(layer int) int {
	slides := w.UseSlidingWindow && layer >= w.MaxWindowLayers
	if len(w.LayerTypes) > 0 {
		slides = w.LayerTypes[layer] == slidingAttention
	}
	if !slides {
		return 0
	}
	return orZero(w.SlidingWindow)
}

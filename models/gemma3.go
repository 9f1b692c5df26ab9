package models

import (
	"math"

	"github.com/seahorse-ml/seahorse/layers"
)

// Gemma3Config is the config.json of a Gemma 3 for text, of the "Gemma 3 Technical Report" (Gemma Team, 2025): norms on both sides
// of each part and on queries and keys, and layers with a sliding window between those that see all.
type Gemma3Config struct {
	DecoderConfig
	HiddenActivation string      `json:"hidden_activation"`
	QueryScalar      float64     `json:"query_pre_attn_scalar" python:"int"` // scores are divided by its root
	FinalSoftCap     *float64    `json:"final_logit_softcapping"`            // of the logits; nil for none
	RopeLocalBase    float64     `json:"rope_local_base_freq,omitempty"`     // older files: base in layers that slide
	RopeParameters   RopeByLayer `json:"rope_parameters,omitempty"`          // by kind of layer
	AttentionBias    bool        `json:"attention_bias"`
	SlidingWindow    *int        `json:"sliding_window"` // tokens that a token sees, in layers that slide; nil for all
	Pattern          *int        `json:"sliding_window_pattern,omitempty"`
	LayerTypes       []string    `json:"layer_types,omitempty"` // full_attention or sliding_attention for each layer; by default every Pattern-th is full
	Bidirectional    bool        `json:"use_bidirectional_attention"`
}

// Bases of the wavelengths of a Gemma 3, where all is seen and in layers that slide.
const (
	gemma3Theta      = 1e6
	gemma3LocalTheta = 10000
)

// DefaultGemma3Config returns the smallest Gemma 3, with 270 million parameters.
func DefaultGemma3Config() Gemma3Config {
	c := gemma3Defaults()
	c.VocabSize, c.HiddenSize, c.IntermediateSize, c.NumLayers, c.NumHeads, c.NumKVHeads = 262144, 640, 2048, 18, 4, 1
	c.MaxPositions, c.SlidingWindow = 32768, pointer(512)
	c.RopeParameters = RopeByLayer{fullAttention: {Theta: gemma3Theta, Type: "default"}, slidingAttention: {Theta: gemma3LocalTheta, Type: "default"}}
	c.LayerTypes = c.layerTypes()
	return c
}

func gemma3Defaults() Gemma3Config {
	return Gemma3Config{
		HiddenActivation: "gelu_pytorch_tanh", QueryScalar: 256, SlidingWindow: pointer(4096),
		DecoderConfig: DecoderConfig{
			VocabSize: 262208, HiddenSize: 2304, IntermediateSize: 9216, NumLayers: 26, NumHeads: 8, NumKVHeads: 4, HeadDim: 256,
			MaxPositions: 131072, InitRange: 0.02, RMSNormEps: 1e-6, TieEmbeddings: true, BosTokenID: pointer(2), EosTokenID: TokenIDs{1}, PadTokenID: pointer(0),
		},
	}
}

func sizeGemma3(_ Family, s Size) (Config, error) {
	c := DefaultGemma3Config()
	c.sized(s)
	c.RopeConfig, c.QueryScalar, c.LayerTypes = RopeConfig{}, float64(s.headSize()), nil
	c.LayerTypes = c.layerTypes()
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Gemma3Config) Validate() error {
	d := c.design()
	switch {
	case !(c.QueryScalar > 0):
		return d.fail("query_pre_attn_scalar is %g, expected it to be positive", c.QueryScalar)
	case c.Bidirectional:
		return d.fail("use_bidirectional_attention is for embeddings, which this decoder doesn't make")
	case c.Pattern != nil && *c.Pattern <= 0:
		return d.fail("sliding_window_pattern is %d, expected it to be positive", *c.Pattern)
	}
	if err := checkWindow(c.SlidingWindow); err != nil {
		return d.fail("%w", err)
	}
	if err := checkLayerTypes(c.LayerTypes, c.NumLayers, orZero(c.SlidingWindow)); err != nil {
		return d.fail("%w", err)
	}
	for _, kind := range []string{fullAttention, slidingAttention} {
		if _, err := c.layerRope(kind).rotary(c.headSize(), c.MaxPositions); err != nil {
			return d.fail("%w", err)
		}
	}
	return c.common().validate(d)
}

// common returns the common part with what this family calls otherwise.
func (c Gemma3Config) common() DecoderConfig {
	common := c.DecoderConfig
	common.Activation, common.RopeConfig = c.HiddenActivation, RopeConfig{}
	return common
}

// layerType returns the kind of a layer: without a list five slide, then one doesn't.
func (c Gemma3Config) layerType(i int) string {
	if len(c.LayerTypes) > 0 {
		return c.LayerTypes[i]
	}
	pattern := 6
	if c.Pattern != nil {
		pattern = *c.Pattern
	}
	if (i+1)%pattern == 0 {
		return fullAttention
	}
	return slidingAttention
}

// layerTypes returns the kind of each layer.
func (c Gemma3Config) layerTypes() []string {
	if len(c.LayerTypes) > 0 {
		return c.LayerTypes
	}
	var kinds []string
	for i := range c.NumLayers {
		kinds = append(kinds, c.layerType(i))
	}
	return kinds
}

// layerRope returns the rotary parameters of a kind of layer from whichever place has them: those of older files are for layers that see all.
func (c Gemma3Config) layerRope(kind string) RopeParameters {
	places := RopeConfig{RopeTheta: c.RopeLocalBase}
	if r, ok := c.RopeParameters[kind]; ok {
		places.RopeParameters = &r
	}
	if kind == slidingAttention {
		return places.resolve(gemma3LocalTheta, 0)
	}
	places.RopeTheta = c.RopeTheta
	if c.RopeScaling != nil { // which is written over what the new place says
		scaling := c.RopeScaling.over(orZero(places.RopeParameters))
		places.RopeParameters = &scaling
	}
	return places.resolve(gemma3Theta, 0)
}

func (c Gemma3Config) build(o origin) (Model, error) {
	c.HeadDim = c.headSize() // which transformers takes another default for
	return c.common().build(c, c.design(), o)
}

func (c Gemma3Config) design() decoderDesign {
	return decoderDesign{
		family: "gemma3_text", class: "Gemma3", bodyClass: "Gemma3TextModel", embed: math.Sqrt(float64(c.HiddenSize)), scaled: true, offset: 1, softCap: orZero(c.FinalSoftCap), block: c.layer,
	}
}

func (c Gemma3Config) layer(i int, b *layers.BlockConfig) {
	kind := c.layerType(i)
	rotary, _ := c.layerRope(kind).rotary(c.headSize(), c.MaxPositions)
	norm := b.Norm
	a := &b.Attention
	a.Bias, a.OutBias, a.Scale = c.AttentionBias, c.AttentionBias, 1/math.Sqrt(c.QueryScalar)
	a.Rotary, a.QueryKeyNorm = &rotary, &norm
	if kind == slidingAttention {
		a.Window = orZero(c.SlidingWindow)
	}
	b.Order = layers.Sandwich
	b.Names.AttentionOutNorm, b.Names.FeedForwardNorm, b.Names.FeedForwardOutNorm = "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm"
}

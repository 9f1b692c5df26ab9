package models

import "github.com/seahorse-ml/seahorse/layers"

// Phi3Config is the config.json of the "Phi-3 Technical Report" (Abdin et al., 2024): a Llama with one projection for queries, keys and
// values and one for gate and up, and with rotary factors for each pair in short texts and in long ones.
type Phi3Config struct {
	DecoderConfig
	ResidDropout  float64 `json:"resid_pdrop"`    // of what each part of a block adds
	SlidingWindow *int    `json:"sliding_window"` // tokens that a token sees; nil for all
}

// DefaultPhi3Config returns Phi-3 mini for 4,096 tokens, with 3.8 billion parameters.
func DefaultPhi3Config() Phi3Config { return phi3Defaults() }

func phi3Defaults() Phi3Config {
	return Phi3Config{DecoderConfig: DecoderConfig{
		VocabSize: 32064, HiddenSize: 3072, IntermediateSize: 8192, NumLayers: 32, NumHeads: 32,
		Activation: "silu", MaxPositions: 4096, InitRange: 0.02, RMSNormEps: 1e-5, RopeConfig: RopeConfig{OriginalLength: 4096},
		BosTokenID: pointer(1), EosTokenID: TokenIDs{32000}, PadTokenID: pointer(32000),
	}}
}

func sizePhi3(_ Family, s Size) (Config, error) {
	c := DefaultPhi3Config()
	c.sized(s)
	c.HeadDim, c.OriginalLength, c.ResidDropout = 0, s.Context, s.Dropout
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Phi3Config) Validate() error {
	d := c.design()
	if c.ResidDropout < 0 || c.ResidDropout >= 1 {
		return d.fail("resid_pdrop is %g, expected [0, 1)", c.ResidDropout)
	}
	if err := checkWindow(c.SlidingWindow); err != nil {
		return d.fail("%w", err)
	}
	return c.common().validate(d)
}

// common returns the common part with the names of today: what files call su or yarn is LongRoPE.
func (c Phi3Config) common() DecoderConfig {
	common := c.DecoderConfig
	for _, r := range []**RopeParameters{&common.RopeScaling, &common.RopeParameters} {
		if *r != nil && ((*r).kind() == "su" || (*r).kind() == layers.YaRNScaling) {
			renamed := **r
			renamed.Type, *r = string(layers.LongRoPEScaling), &renamed
		}
	}
	return common
}

func (c Phi3Config) build(o origin) (Model, error) { return c.common().build(c, c.design(), o) }

func (c Phi3Config) design() decoderDesign {
	return decoderDesign{family: "phi3", class: "Phi3", part: 1, block: func(_ int, b *layers.BlockConfig) {
		b.Attention.Packed, b.Attention.Names.Packed, b.Attention.Window = true, "qkv_proj", orZero(c.SlidingWindow)
		b.FeedForward.Packed, b.FeedForward.Names.Packed = true, "gate_up_proj"
		b.Dropout = c.ResidDropout
	}}
}

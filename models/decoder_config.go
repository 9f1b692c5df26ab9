package models

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// DecoderConfig is what the config.json of all families of the Llama line say: decoders with RMS norms, rotary positions,
// grouped heads and gated feed-forwards. The configurations of families embed it.
type DecoderConfig struct {
	Architectures    []string `json:"architectures"`       // the class of transformers; one that ends in Model has no head
	VocabSize        int      `json:"vocab_size"`          // V
	HiddenSize       int      `json:"hidden_size"`         // D
	IntermediateSize int      `json:"intermediate_size"`   // F
	NumLayers        int      `json:"num_hidden_layers"`   //
	NumHeads         int      `json:"num_attention_heads"` // H
	NumKVHeads       int      `json:"num_key_value_heads"` // 0 means H
	HeadDim          int      `json:"head_dim,omitempty"`  // K; 0 means D/H
	Activation       string   `json:"hidden_act,omitempty"`
	MaxPositions     int      `json:"max_position_embeddings"` // the largest T
	InitRange        float64  `json:"initializer_range"`       // standard deviation of new weights
	RMSNormEps       float64  `json:"rms_norm_eps"`
	TieEmbeddings    bool     `json:"tie_word_embeddings"` // the head is the table of embeddings
	RopeConfig
	AttentionDropout float64  `json:"attention_dropout"` // of the attention weights
	BosTokenID       *int     `json:"bos_token_id"`
	EosTokenID       TokenIDs `json:"eos_token_id"`
	PadTokenID       *int     `json:"pad_token_id"` // written also where it is null: families have other defaults
}

// A decoderDesign is what one family of the Llama line has of its own. The zero value is a Llama.
type decoderDesign struct {
	family    string  // model_type
	class     string  // what the names of transformers' classes begin with
	bodyClass string  // the class without a head; empty for class and Model
	theta     float64 // base of the wavelengths where config.json doesn't say; 0 means 10,000
	part      float64 // of each head that is turned where config.json doesn't say; 0 means all, whatever it says
	// block changes the layer of a Llama into the family's; nil for no change.
	block   func(layer int, b *layers.BlockConfig)
	embed   float64 // embeddings are multiplied by it; 0 means 1
	scaled  bool    // that scale is the table's own, so that vectors in the place of rows have it already
	dropout float64 // of the embedded tokens
	offset  float64 // that norms add to their weights
	softCap float64 // of logits; 0 for none
	scale   float64 // of the states before the head; 0 means 1
	experts expertUse
}

// validate tells what is wrong with the common part of a family's configuration, or nil.
func (c DecoderConfig) validate(d decoderDesign) error {
	fail := d.fail
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocab_size", c.VocabSize}, {"hidden_size", c.HiddenSize}, {"intermediate_size", c.IntermediateSize}, {"num_hidden_layers", c.NumLayers},
		{"num_attention_heads", c.NumHeads}, {"num_key_value_heads", c.kvHeads()}, {"max_position_embeddings", c.MaxPositions},
	} {
		if err := checkSize(f.name, f.value); err != nil {
			return fail("%w", err)
		}
	}
	switch {
	case c.HeadDim < 0 || c.HeadDim == 0 && c.HiddenSize%c.NumHeads != 0:
		return fail("hidden_size %d is not divisible by num_attention_heads %d", c.HiddenSize, c.NumHeads)
	case c.NumHeads%c.kvHeads() != 0:
		return fail("num_attention_heads %d is not divisible by num_key_value_heads %d", c.NumHeads, c.kvHeads())
	case c.AttentionDropout < 0 || c.AttentionDropout >= 1:
		return fail("attention_dropout is %g, expected [0, 1)", c.AttentionDropout)
	}
	if _, err := activation(c.Activation); err != nil {
		return fail("hidden_act: %w", err)
	}
	if _, err := c.rope(d).rotary(c.headSize(), c.MaxPositions); err != nil {
		return fail("%w", err)
	}
	return nil
}

// fail makes an error of the family.
func (d decoderDesign) fail(format string, args ...any) error {
	return fmt.Errorf("models: "+d.family+": "+format, args...)
}

func (c DecoderConfig) kvHeads() int {
	if c.NumKVHeads == 0 {
		return c.NumHeads
	}
	return c.NumKVHeads
}

func (c DecoderConfig) headSize() int {
	if c.HeadDim == 0 {
		return c.HiddenSize / c.NumHeads
	}
	return c.HeadDim
}

// rope returns the rotary parameters from whichever place has them.
func (c DecoderConfig) rope(d decoderDesign) RopeParameters {
	return c.RopeConfig.resolve(d.theta, d.part)
}

// build makes the decoder of a family whose whole configuration is self.
func (c DecoderConfig) build(self Config, d decoderDesign, o origin) (Model, error) {
	std := graph.Normal(c.InitRange)
	parts := decoderParts{
		config: self, family: d.family, class: d.class + "ForCausalLM", bodyClass: cmp.Or(d.bodyClass, d.class+"Model"), architectures: c.Architectures, vocab: c.VocabSize,
		context: c.rope(d).context(c.MaxPositions), turnsBeyond: c.rope(d).turnsBeyond(c.MaxPositions), dropout: d.dropout, names: llamaNames, ignored: []string{"self_attn.rotary_emb.inv_freq"},
		embedding: layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.HiddenSize, Scale: d.embed, Scaled: d.scaled, Init: std, Padding: c.PadTokenID},
		norm:      c.norm(d),
		head:      layers.LanguageHeadConfig{Width: c.HiddenSize, Vocab: c.VocabSize, SoftCap: d.softCap, Init: std},
		scale:     d.scale, tied: c.TieEmbeddings, experts: d.experts,
		generation: generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID, PadTokenID: c.PadTokenID},
	}
	for i := range c.NumLayers {
		b := c.block(d)
		if d.block != nil {
			d.block(i, &b)
		}
		parts.blocks = append(parts.blocks, b)
	}
	return parts.build(o)
}

// llamaNames are the names of a Llama's parts.
var llamaNames = decoderNames{body: "model", tokens: "embed_tokens", blocks: "layers", norm: "norm", head: "lm_head"}

func (c DecoderConfig) norm(d decoderDesign) layers.NormConfig {
	return layers.NormConfig{Kind: layers.RMSNorm, Width: c.HiddenSize, Eps: c.RMSNormEps, Offset: d.offset}
}

// block returns a layer of a Llama.
func (c DecoderConfig) block(d decoderDesign) layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	kind, _ := activation(c.Activation)
	rotary, _ := c.rope(d).rotary(c.headSize(), c.MaxPositions)
	return layers.BlockConfig{
		Attention: layers.AttentionConfig{
			Width: c.HiddenSize, Heads: c.NumHeads, KVHeads: c.kvHeads(), HeadSize: c.headSize(), Causal: true,
			Rotary: &rotary, Dropout: c.AttentionDropout, Init: std,
			Names: layers.AttentionNames{Query: "q_proj", Key: "k_proj", Value: "v_proj", Out: "o_proj", QueryNorm: "q_norm", KeyNorm: "k_norm"},
		},
		FeedForward: layers.FeedForwardConfig{
			Width: c.HiddenSize, Hidden: c.IntermediateSize, Activation: kind, Gated: true, Init: std,
			Names: layers.FeedForwardNames{Gate: "gate_proj", Up: "up_proj", Down: "down_proj"},
		},
		Norm:  c.norm(d),
		Names: layers.BlockNames{Attention: "self_attn", AttentionNorm: "input_layernorm", FeedForward: "mlp", FeedForwardNorm: "post_attention_layernorm"},
	}
}

// sized sets what a Size says.
func (c *DecoderConfig) sized(s Size) {
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.gated()
	c.NumKVHeads, c.HeadDim, c.AttentionDropout = s.kvHeads(), s.headSize(), s.Dropout
	c.RopeConfig = RopeConfig{RopeParameters: &RopeParameters{Theta: smallRopeBase, Type: "default"}}
	c.BosTokenID, c.EosTokenID, c.PadTokenID = s.Start, oneToken(s.End), s.Pad
}

// Kinds of layers.
const (
	fullAttention    = "full_attention"
	slidingAttention = "sliding_attention"
)

// checkLayerTypes checks a list of the kinds of layers, which may be empty, and the window of those that slide, 0 for none.
func checkLayerTypes(kinds []string, n, window int) error {
	if len(kinds) != 0 && len(kinds) != n {
		return fmt.Errorf("%d layer_types for %d layers", len(kinds), n)
	}
	for _, kind := range kinds {
		if kind != fullAttention && kind != slidingAttention {
			return fmt.Errorf("layer type %q is not known; known are %s and %s", kind, fullAttention, slidingAttention)
		}
	}
	if slices.Contains(kinds, slidingAttention) && window == 0 {
		return fmt.Errorf("layers slide, but sliding_window is not set")
	}
	return nil
}

// checkWindow tells what is wrong with a sliding_window, or nil.
func checkWindow(window *int) error {
	if window != nil && *window <= 0 {
		return fmt.Errorf("sliding_window is %d, expected it to be positive", *window)
	}
	return nil
}

// orZero returns what a pointer points to, or 0.
func orZero[T any](v *T) (value T) {
	if v != nil {
		value = *v
	}
	return value
}

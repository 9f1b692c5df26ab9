package models

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Gemma3Config is the config.json of a Gemma 3 for text. Fields that a file leaves
// out have the values of DefaultGemma3Config.
type Gemma3Config struct {
	ModelType        string                    `json:"model_type"` // gemma3_text
	Architectures    []string                  `json:"architectures"`
	VocabSize        int                       `json:"vocab_size"`        // V
	HiddenSize       int                       `json:"hidden_size"`       // D
	IntermediateSize int                       `json:"intermediate_size"` // F
	NumLayers        int                       `json:"num_hidden_layers"`
	NumHeads         int                       `json:"num_attention_heads"` // H
	NumKVHeads       int                       `json:"num_key_value_heads"`
	HeadDim          int                       `json:"head_dim"` // K
	Activation       string                    `json:"hidden_activation"`
	MaxPositions     int                       `json:"max_position_embeddings"` // the largest T
	InitRange        float64                   `json:"initializer_range"`       // standard deviation of new weights
	RMSNormEps       float64                   `json:"rms_norm_eps"`
	TieEmbeddings    bool                      `json:"tie_word_embeddings"`            // the head is the table of embeddings
	QueryScalar      int                       `json:"query_pre_attn_scalar"`          // scores are divided by its root
	FinalSoftCap     *float64                  `json:"final_logit_softcapping"`        // of the logits; nil for none
	RopeTheta        float64                   `json:"rope_theta,omitempty"`           // older files: base where all is seen
	RopeLocalBase    float64                   `json:"rope_local_base_freq,omitempty"` // older files: base in layers that slide
	RopeScaling      *RopeParameters           `json:"rope_scaling,omitempty"`         // older files: scaling where all is seen
	RopeParameters   map[string]RopeParameters `json:"rope_parameters,omitempty"`      // by kind of layer
	AttentionBias    bool                      `json:"attention_bias"`
	AttentionDropout float64                   `json:"attention_dropout"` // of the attention weights
	SlidingWindow    int                       `json:"sliding_window"`    // tokens that a token sees, in layers that slide
	Pattern          int                       `json:"sliding_window_pattern,omitempty"`
	LayerTypes       []string                  `json:"layer_types,omitempty"` // full_attention or sliding_attention for each layer; by default every Pattern-th is full
	Bidirectional    bool                      `json:"use_bidirectional_attention"`
	BosTokenID       *int                      `json:"bos_token_id"`
	EosTokenID       TokenIDs                  `json:"eos_token_id"`
	PadTokenID       *int                      `json:"pad_token_id"`
	DType            string                    `json:"dtype,omitempty"` // of the stored parameters; written, not read
}

// DefaultGemma3Config returns the smallest Gemma 3, with 270 million parameters
// (Gemma Team, 2025).
func DefaultGemma3Config() Gemma3Config {
	pad, bos := 0, 2
	c := Gemma3Config{
		ModelType: "gemma3_text", Architectures: []string{"Gemma3ForCausalLM"},
		VocabSize: 262144, HiddenSize: 640, IntermediateSize: 2048, NumLayers: 18, NumHeads: 4, NumKVHeads: 1, HeadDim: 256,
		Activation: "gelu_pytorch_tanh", MaxPositions: 32768, InitRange: 0.02, RMSNormEps: 1e-6, TieEmbeddings: true,
		QueryScalar: 256, SlidingWindow: 512, BosTokenID: &bos, EosTokenID: TokenIDs{1}, PadTokenID: &pad,
		RopeParameters: map[string]RopeParameters{
			fullAttention:    {Theta: 1e6, Type: "default"},
			slidingAttention: {Theta: 10000, Type: "default"},
		},
	}
	c.LayerTypes = c.layerTypes()
	return c
}

// parseGemma3Config reads a config.json. Fields that it leaves out have the
// values that transformers gives them.
func parseGemma3Config(data []byte) (Gemma3Config, error) {
	c := Gemma3Config{
		VocabSize: 262208, HiddenSize: 2304, IntermediateSize: 9216, NumLayers: 26, NumHeads: 8, NumKVHeads: 4, HeadDim: 256,
		Activation: "gelu_pytorch_tanh", MaxPositions: 131072, InitRange: 0.02, RMSNormEps: 1e-6, TieEmbeddings: true,
		QueryScalar: 256, SlidingWindow: 4096,
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: %w", configName, err)
	}
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c Gemma3Config) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: gemma3_text: "+format, args...)
	}
	for name, value := range map[string]int{
		"vocab_size": c.VocabSize, "hidden_size": c.HiddenSize, "intermediate_size": c.IntermediateSize, "num_hidden_layers": c.NumLayers,
		"num_attention_heads": c.NumHeads, "num_key_value_heads": c.NumKVHeads, "head_dim": c.HeadDim,
		"max_position_embeddings": c.MaxPositions, "sliding_window": c.SlidingWindow,
	} {
		if err := checkSize(name, value); err != nil {
			return fail("%w", err)
		}
	}
	switch n := len(c.LayerTypes); {
	case c.NumHeads%c.NumKVHeads != 0:
		return fail("num_attention_heads %d is not divisible by num_key_value_heads %d", c.NumHeads, c.NumKVHeads)
	case c.QueryScalar <= 0:
		return fail("query_pre_attn_scalar is %d, expected it to be positive", c.QueryScalar)
	case c.AttentionDropout < 0 || c.AttentionDropout >= 1:
		return fail("attention_dropout is %g, expected [0, 1)", c.AttentionDropout)
	case c.Bidirectional:
		return fail("use_bidirectional_attention is for embeddings, which this decoder doesn't make")
	case n != 0 && n != c.NumLayers:
		return fail("%d layer_types for %d layers", n, c.NumLayers)
	}
	for _, kind := range c.LayerTypes {
		if kind != fullAttention && kind != slidingAttention {
			return fail("layer type %q is not known; known are %s and %s", kind, fullAttention, slidingAttention)
		}
	}
	if _, err := activation(c.Activation); err != nil {
		return fail("hidden_activation: %w", err)
	}
	for _, kind := range []string{fullAttention, slidingAttention} {
		if _, err := c.rope(kind).rotary(c.HeadDim, c.MaxPositions); err != nil {
			return fail("%w", err)
		}
	}
	return nil
}

// layerTypes returns the kind of each layer: without a list five slide, then one doesn't.
func (c Gemma3Config) layerTypes() []string {
	if len(c.LayerTypes) > 0 {
		return c.LayerTypes
	}
	pattern := 6
	if c.Pattern > 0 {
		pattern = c.Pattern
	}
	kinds := slices.Repeat([]string{slidingAttention}, c.NumLayers)
	for i := pattern - 1; i < c.NumLayers; i += pattern {
		kinds[i] = fullAttention
	}
	return kinds
}

// rope returns the rotary parameters of a kind of layer from whichever place has them.
func (c Gemma3Config) rope(kind string) RopeParameters {
	if r, ok := c.RopeParameters[kind]; ok {
		return r
	}
	r := RopeParameters{Theta: 1e6}
	if kind == slidingAttention {
		r.Theta = 10000
		if c.RopeLocalBase != 0 {
			r.Theta = c.RopeLocalBase
		}
		return r
	}
	if c.RopeScaling != nil {
		r = *c.RopeScaling
	}
	r.Theta = 1e6
	if c.RopeTheta != 0 {
		r.Theta = c.RopeTheta
	}
	return r
}

// Gemma3 is the decoder of the "Gemma 3 Technical Report" (Gemma Team, 2025): norms on
// both sides of each part and on queries and keys, and layers with a sliding window
// between those that see all.
type Gemma3 struct {
	Decoder
	Config Gemma3Config
}

// NewGemma3 makes a Gemma 3 in the tree p, whose parameters get Hugging Face's
// names. It returns what is wrong with the configuration or the tree.
func NewGemma3(c Gemma3Config, p *graph.Params) (*Gemma3, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Gemma3{Config: c}
	m.Decoder = Decoder{family: "gemma3_text", vocab: c.VocabSize, context: c.MaxPositions, params: p}
	std := graph.Normal(c.InitRange)
	body := p.Sub("model")
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{
		Vocab: c.VocabSize, Width: c.HiddenSize, Scale: math.Sqrt(float64(c.HiddenSize)), Init: std, Padding: c.PadTokenID,
	}, body.Sub("embed_tokens"))
	for i, kind := range c.layerTypes() {
		m.Blocks = append(m.Blocks, layers.NewBlock(c.block(kind), body.Sub("layers").Sub(fmt.Sprint(i))))
	}
	m.Norm = layers.NewNorm(c.norm(), body.Sub("norm"))
	output := layers.LanguageHeadConfig{Width: c.HiddenSize, Vocab: c.VocabSize, SoftCap: orZero(c.FinalSoftCap), Init: std}
	m.Output = newOutput(output, m.Tokens, c.TieEmbeddings, p)
	return m, p.Err()
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

func (c Gemma3Config) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.RMSNorm, Width: c.HiddenSize, Eps: c.RMSNormEps, Offset: 1}
}

func (c Gemma3Config) block(kind string) layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	act, _ := activation(c.Activation)
	rotary, _ := c.rope(kind).rotary(c.HeadDim, c.MaxPositions)
	norm := c.norm()
	attention := layers.AttentionConfig{
		Width: c.HiddenSize, Heads: c.NumHeads, KVHeads: c.NumKVHeads, HeadSize: c.HeadDim,
		Bias: c.AttentionBias, OutBias: c.AttentionBias, Causal: true,
		Scale:  1 / math.Sqrt(float64(c.QueryScalar)),
		Rotary: &rotary, QueryKeyNorm: &norm, Dropout: c.AttentionDropout, Init: std,
		Names: layers.AttentionNames{Query: "q_proj", Key: "k_proj", Value: "v_proj", Out: "o_proj", QueryNorm: "q_norm", KeyNorm: "k_norm"},
	}
	if kind == slidingAttention {
		attention.Window = c.SlidingWindow
	}
	return layers.BlockConfig{
		Attention: attention,
		FeedForward: layers.FeedForwardConfig{
			Width: c.HiddenSize, Hidden: c.IntermediateSize, Activation: act, Gated: true, Init: std,
			Names: layers.FeedForwardNames{Gate: "gate_proj", Up: "up_proj", Down: "down_proj"},
		},
		Norm:  norm,
		Order: layers.Sandwich,
		Names: layers.BlockNames{
			Attention: "self_attn", AttentionNorm: "input_layernorm", AttentionOutNorm: "post_attention_layernorm",
			FeedForward: "mlp", FeedForwardNorm: "pre_feedforward_layernorm", FeedForwardOutNorm: "post_feedforward_layernorm",
		},
	}
}

func loadGemma3(config []byte, o origin) (Model, error) {
	c, err := parseGemma3Config(config)
	if err != nil {
		return nil, err
	}
	m, err := NewGemma3(c, o.tree())
	if err != nil {
		return nil, err
	}
	return m, o.checkTied(headName, m.Output, m.Tokens)
}

// Save writes the model's directory.
func (m *Gemma3) Save(dir string) error {
	c := m.Config
	c.ModelType, c.Architectures, c.DType = "gemma3_text", []string{"Gemma3ForCausalLM"}, elementType(m.Tokens.Weight)
	return save(dir, c, generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID, PadTokenID: c.PadTokenID}, m.Params())
}

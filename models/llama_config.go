package models

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/layers"
)

// LlamaConfig is the config.json of the Llama family: Llama, Mistral, Qwen2,
// Qwen3, SmolLM and Mixtral are one architecture with different parts switched on.
type LlamaConfig struct {
	ModelType        string          `json:"model_type"` // llama, mistral, mixtral, qwen2 or qwen3
	Architectures    []string        `json:"architectures"`
	VocabSize        int             `json:"vocab_size"`          // V
	HiddenSize       int             `json:"hidden_size"`         // D
	IntermediateSize int             `json:"intermediate_size"`   // F
	NumLayers        int             `json:"num_hidden_layers"`   //
	NumHeads         int             `json:"num_attention_heads"` // H
	NumKVHeads       int             `json:"num_key_value_heads"` // 0 means H
	HeadDim          int             `json:"head_dim,omitempty"`  // K; 0 means D/H
	Activation       string          `json:"hidden_act"`
	MaxPositions     int             `json:"max_position_embeddings"` // the largest T
	InitRange        float64         `json:"initializer_range"`       // standard deviation of new weights
	RMSNormEps       float64         `json:"rms_norm_eps"`
	TieEmbeddings    bool            `json:"tie_word_embeddings"` // the head is the table of embeddings
	RopeTheta        float64         `json:"rope_theta,omitempty"`
	RopeScaling      *RopeParameters `json:"rope_scaling,omitempty"`
	RopeParameters   *RopeParameters `json:"rope_parameters,omitempty"`
	AttentionBias    bool            `json:"attention_bias"`
	MLPBias          bool            `json:"mlp_bias"`
	AttentionDropout float64         `json:"attention_dropout"` // of the attention weights
	SlidingWindow    *int            `json:"sliding_window"`    // tokens that a token sees, in layers that slide
	UseSlidingWindow bool            `json:"use_sliding_window,omitempty"`
	MaxWindowLayers  int             `json:"max_window_layers,omitempty"`    // layers of a Qwen before the first that slides
	LayerTypes       []string        `json:"layer_types,omitempty"`          // full_attention or sliding_attention for each layer
	NumExperts       int             `json:"num_local_experts,omitempty"`    // E, of a Mixtral
	ActiveExperts    int             `json:"num_experts_per_tok,omitempty"`  // experts that each token chooses
	AddBalance       bool            `json:"output_router_logits,omitempty"` // the loss has a part that keeps experts busy evenly; see graph.RouteBalance
	BalanceScale     *float64        `json:"router_aux_loss_coef,omitempty"` // what that part is multiplied by; nil only where there are no experts
	RouterNoise      float64         `json:"router_jitter_noise,omitempty"`  // of what routers see in training; only 0 is known here
	BosTokenID       *int            `json:"bos_token_id"`
	EosTokenID       TokenIDs        `json:"eos_token_id"`
	PadTokenID       *int            `json:"pad_token_id,omitempty"`
	DType            string          `json:"dtype,omitempty"` // of the stored parameters; written, not read
}

// llamaArchitectures are the families that LlamaConfig describes.
var llamaArchitectures = map[string]string{
	"llama": "LlamaForCausalLM", "mistral": "MistralForCausalLM", "mixtral": "MixtralForCausalLM", "qwen2": "Qwen2ForCausalLM", "qwen3": "Qwen3ForCausalLM",
}

// DefaultLlamaConfig returns a small Llama, SmolLM2 with 135 million parameters
// (Allal et al., 2025).
func DefaultLlamaConfig() LlamaConfig {
	return LlamaConfig{
		ModelType: "llama", Architectures: []string{"LlamaForCausalLM"},
		VocabSize: 49152, HiddenSize: 576, IntermediateSize: 1536, NumLayers: 30, NumHeads: 9, NumKVHeads: 3,
		Activation: "silu", MaxPositions: 8192, InitRange: 0.02, RMSNormEps: 1e-5, TieEmbeddings: true,
		RopeParameters: &RopeParameters{Theta: 100000, Type: "default"},
	}
}

// parseLlamaConfig reads a config.json. Fields that it leaves out have the values
// that transformers gives them.
func parseLlamaConfig(data []byte) (LlamaConfig, error) {
	c := LlamaConfig{Activation: "silu", MaxPositions: 2048, InitRange: 0.02, RMSNormEps: 1e-6}
	var head struct {
		ModelType string `json:"model_type"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return c, fmt.Errorf("%s: %w", configName, err)
	}
	switch head.ModelType {
	case "mistral":
		window := 4096
		c.MaxPositions, c.NumKVHeads, c.SlidingWindow = 131072, 8, &window
	case "mixtral":
		scale := 0.001
		c.MaxPositions, c.NumKVHeads, c.RMSNormEps, c.NumExperts, c.ActiveExperts, c.BalanceScale = 131072, 8, 1e-5, 8, 2, &scale
	case "qwen2", "qwen3":
		window := 4096
		c.MaxPositions, c.MaxWindowLayers, c.SlidingWindow = 32768, 28, &window
		if head.ModelType == "qwen3" {
			c.HeadDim = 128
		}
	}
	if err := json.Unmarshal(data, &c); err != nil {
		return c, fmt.Errorf("%s: %w", configName, err)
	}
	if c.ModelType == "mixtral" && c.RopeParameters == nil && c.RopeTheta == 0 {
		c.RopeTheta = 1e6
	}
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c LlamaConfig) Validate() error {
	if llamaArchitectures[c.ModelType] == "" {
		return fmt.Errorf("models: model_type %q is none of the Llama family", c.ModelType)
	}
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: "+c.ModelType+": "+format, args...)
	}
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
	if c.HeadDim < 0 || c.HeadDim == 0 && c.HiddenSize%c.NumHeads != 0 {
		return fail("hidden_size %d is not divisible by num_attention_heads %d", c.HiddenSize, c.NumHeads)
	}
	if c.NumHeads%c.kvHeads() != 0 {
		return fail("num_attention_heads %d is not divisible by num_key_value_heads %d", c.NumHeads, c.kvHeads())
	}
	if c.AttentionDropout < 0 || c.AttentionDropout >= 1 {
		return fail("attention_dropout is %g, expected [0, 1)", c.AttentionDropout)
	}
	if c.ModelType == "mixtral" {
		if err := c.validateExperts(); err != nil {
			return fail("%w", err)
		}
	}
	if n := len(c.LayerTypes); n != 0 && n != c.NumLayers {
		return fail("%d layer_types for %d layers", n, c.NumLayers)
	}
	for _, kind := range c.LayerTypes {
		if kind != fullAttention && kind != slidingAttention {
			return fail("layer type %q is not known; known are %s and %s", kind, fullAttention, slidingAttention)
		}
	}
	if slices.Contains(c.LayerTypes, slidingAttention) && c.SlidingWindow == nil {
		return fail("layers slide, but sliding_window is not set")
	}
	if c.SlidingWindow != nil && *c.SlidingWindow <= 0 {
		return fail("sliding_window is %d, expected it to be positive", *c.SlidingWindow)
	}
	if _, err := activation(c.Activation); err != nil {
		return fail("hidden_act: %w", err)
	}
	if _, err := c.rope().rotary(c.headSize(), c.MaxPositions); err != nil {
		return fail("%w", err)
	}
	return nil
}

// Kinds of layers.
const (
	fullAttention    = "full_attention"
	slidingAttention = "sliding_attention"
)

func (c LlamaConfig) kvHeads() int {
	if c.NumKVHeads == 0 {
		return c.NumHeads
	}
	return c.NumKVHeads
}

func (c LlamaConfig) headSize() int {
	if c.HeadDim == 0 {
		return c.HiddenSize / c.NumHeads
	}
	return c.HeadDim
}

// window returns how many tokens a token sees in a layer, 0 for all.
func (c LlamaConfig) window(layer int) int {
	slides := false
	switch {
	case c.SlidingWindow == nil || c.ModelType == "llama":
	case c.ModelType == "mistral", c.ModelType == "mixtral":
		slides = true
	case len(c.LayerTypes) > 0:
		slides = c.LayerTypes[layer] == slidingAttention
	default:
		slides = c.UseSlidingWindow && layer >= c.MaxWindowLayers
	}
	if !slides {
		return 0
	}
	return *c.SlidingWindow
}

// context returns the largest T: dynamic scaling serves longer texts than those that
// the model was trained on.
func (c LlamaConfig) context() int {
	if r := c.rope(); r.kind() == layers.DynamicScaling {
		return int(r.Factor * float64(c.MaxPositions))
	}
	return c.MaxPositions
}

// rope returns the rotary parameters from whichever place has them.
func (c LlamaConfig) rope() RopeParameters {
	switch {
	case c.RopeParameters != nil:
		return *c.RopeParameters
	case c.RopeScaling != nil:
		r := *c.RopeScaling
		r.Theta = c.RopeTheta
		return r
	}
	return RopeParameters{Theta: c.RopeTheta}
}

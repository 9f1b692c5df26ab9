package models

import (
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// GPTNeoXConfig is a GPT-NeoX's config.json. Fields that a file leaves out have
// the values of DefaultGPTNeoXConfig.
type GPTNeoXConfig struct {
	ModelType        string          `json:"model_type"`
	Architectures    []string        `json:"architectures"`
	VocabSize        int             `json:"vocab_size"`        // V
	HiddenSize       int             `json:"hidden_size"`       // D
	IntermediateSize int             `json:"intermediate_size"` // F
	NumLayers        int             `json:"num_hidden_layers"`
	NumHeads         int             `json:"num_attention_heads"` // H
	Activation       string          `json:"hidden_act"`
	MaxPositions     int             `json:"max_position_embeddings"` // the largest T
	InitRange        float64         `json:"initializer_range"`       // standard deviation of new weights
	LayerNormEps     float64         `json:"layer_norm_eps"`
	RotaryPart       *float64        `json:"rotary_pct,omitempty"`      // older files: part of each head that is turned
	RotaryBase       float64         `json:"rotary_emb_base,omitempty"` // older files: base of the wavelengths
	RopeScaling      *RopeParameters `json:"rope_scaling,omitempty"`    // older files
	RopeParameters   *RopeParameters `json:"rope_parameters,omitempty"`
	AttentionBias    bool            `json:"attention_bias"`
	HiddenDropout    float64         `json:"hidden_dropout"`        // of the embedded tokens and of what each part of a block adds
	AttentionDropout float64         `json:"attention_dropout"`     // of the attention weights
	ParallelResidual bool            `json:"use_parallel_residual"` // attention and feed-forward read the same x
	TieEmbeddings    bool            `json:"tie_word_embeddings"`   // the head is the table of embeddings
	BosTokenID       *int            `json:"bos_token_id"`
	EosTokenID       TokenIDs        `json:"eos_token_id"`
	DType            string          `json:"dtype,omitempty"` // of the stored parameters; written, not read
}

// DefaultGPTNeoXConfig returns the smallest Pythia, with 70 million parameters
// (Biderman et al., 2023).
func DefaultGPTNeoXConfig() GPTNeoXConfig {
	zero, part := 0, 0.25
	return GPTNeoXConfig{
		ModelType: "gpt_neox", Architectures: []string{"GPTNeoXForCausalLM"},
		VocabSize: 50304, HiddenSize: 512, IntermediateSize: 2048, NumLayers: 6, NumHeads: 8,
		Activation: "gelu", MaxPositions: 2048, InitRange: 0.02, LayerNormEps: 1e-5,
		RopeParameters: &RopeParameters{Theta: 10000, Type: "default", PartialFactor: &part},
		AttentionBias:  true, ParallelResidual: true, BosTokenID: &zero, EosTokenID: TokenIDs{0},
	}
}

// Validate tells what is wrong with the configuration, or nil.
func (c GPTNeoXConfig) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: gpt_neox: "+format, args...)
	}
	for name, value := range map[string]int{
		"vocab_size": c.VocabSize, "hidden_size": c.HiddenSize, "intermediate_size": c.IntermediateSize,
		"num_hidden_layers": c.NumLayers, "num_attention_heads": c.NumHeads, "max_position_embeddings": c.MaxPositions,
	} {
		if err := checkSize(name, value); err != nil {
			return fail("%w", err)
		}
	}
	if c.HiddenSize%c.NumHeads != 0 {
		return fail("hidden_size %d is not divisible by num_attention_heads %d", c.HiddenSize, c.NumHeads)
	}
	for name, rate := range map[string]float64{"hidden_dropout": c.HiddenDropout, "attention_dropout": c.AttentionDropout} {
		if rate < 0 || rate >= 1 {
			return fail("%s is %g, expected [0, 1)", name, rate)
		}
	}
	if _, err := activation(c.Activation); err != nil {
		return fail("hidden_act: %w", err)
	}
	if _, err := c.rope().rotary(c.HiddenSize/c.NumHeads, c.MaxPositions); err != nil {
		return fail("%w", err)
	}
	return nil
}

// rope returns the rotary parameters from whichever place has them.
func (c GPTNeoXConfig) rope() RopeParameters {
	if c.RopeParameters != nil {
		return *c.RopeParameters
	}
	var r RopeParameters
	if c.RopeScaling != nil {
		r = *c.RopeScaling
	}
	r.Theta, r.PartialFactor = c.RotaryBase, c.RotaryPart
	if r.PartialFactor == nil {
		part := 0.25
		r.PartialFactor = &part
	}
	return r
}

// GPTNeoX is the decoder of "GPT-NeoX-20B: An Open-Source Autoregressive Language
// Model" (Black et al., 2022), which Pythia shares: rotary positions on a part of each head,
// and attention beside the feed-forward.
type GPTNeoX struct {
	Decoder
	Config GPTNeoXConfig
}

// NewGPTNeoX makes a GPT-NeoX in the tree p, whose parameters get Hugging Face's
// names. It returns what is wrong with the configuration or the tree.
func NewGPTNeoX(c GPTNeoXConfig, p *graph.Params) (*GPTNeoX, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &GPTNeoX{Config: c}
	m.Decoder = Decoder{family: "gpt_neox", vocab: c.VocabSize, context: c.MaxPositions, dropout: c.HiddenDropout, params: p}
	std := graph.Normal(c.InitRange)
	body := p.Sub("gpt_neox")
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.HiddenSize, Init: std}, body.Sub("embed_in"))
	for i := range c.NumLayers {
		folder := body.Sub("layers").Sub(fmt.Sprint(i))
		for _, name := range []string{"bias", "masked_bias", "rotary_emb.inv_freq"} { // which old files carry
			folder.Ignore("attention." + name)
		}
		m.Blocks = append(m.Blocks, layers.NewBlock(c.block(), folder))
	}
	m.Norm = layers.NewNorm(c.norm(), body.Sub("final_layer_norm"))
	output := layers.LanguageHeadConfig{Width: c.HiddenSize, Vocab: c.VocabSize, Init: std}
	if c.TieEmbeddings {
		output.Tied = m.Tokens.Weight
	}
	m.Output = layers.NewLanguageHead(output, p.Sub("embed_out"))
	return m, p.Err()
}

func (c GPTNeoXConfig) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.LayerNorm, Width: c.HiddenSize, Eps: c.LayerNormEps, Bias: true}
}

func (c GPTNeoXConfig) block() layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	kind, _ := activation(c.Activation)
	rotary, _ := c.rope().rotary(c.HiddenSize/c.NumHeads, c.MaxPositions)
	order := layers.PreNorm
	if c.ParallelResidual {
		order = layers.Parallel
	}
	return layers.BlockConfig{
		Attention: layers.AttentionConfig{
			Width: c.HiddenSize, Heads: c.NumHeads, Packed: true, ByHead: true, Bias: c.AttentionBias, OutBias: c.AttentionBias, Causal: true,
			Rotary: &rotary, Dropout: c.AttentionDropout, Init: std,
			Names: layers.AttentionNames{Packed: "query_key_value", Out: "dense"},
		},
		FeedForward: layers.FeedForwardConfig{
			Width: c.HiddenSize, Hidden: c.IntermediateSize, Activation: kind, Bias: true, Init: std,
			Names: layers.FeedForwardNames{Up: "dense_h_to_4h", Down: "dense_4h_to_h"},
		},
		Norm:    c.norm(),
		Order:   order,
		Dropout: c.HiddenDropout,
		Names:   layers.BlockNames{Attention: "attention", AttentionNorm: "input_layernorm", FeedForward: "mlp", FeedForwardNorm: "post_attention_layernorm"},
	}
}

func loadGPTNeoX(config []byte, o origin) (Model, error) {
	c := DefaultGPTNeoXConfig()
	c.RopeParameters, c.BosTokenID, c.EosTokenID = nil, nil, nil
	if err := json.Unmarshal(config, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", configName, err)
	}
	return made(NewGPTNeoX(c, o.tree()))
}

// Save writes the model's directory.
func (m *GPTNeoX) Save(dir string) error {
	c := m.Config
	c.ModelType, c.Architectures, c.DType = "gpt_neox", []string{"GPTNeoXForCausalLM"}, elementType(m.Tokens.Weight)
	return save(dir, c, generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID}, m.Params())
}

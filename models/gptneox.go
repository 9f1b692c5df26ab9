package models

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// GPTNeoXConfig is a GPT-NeoX's config.json. Fields that a file leaves out have
// the values of DefaultGPTNeoXConfig.
type GPTNeoXConfig struct {
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
}

// DefaultGPTNeoXConfig returns the smallest Pythia, with 70 million parameters
// (Biderman et al., 2023).
func DefaultGPTNeoXConfig() GPTNeoXConfig {
	c := gptNeoXDefaults()
	c.VocabSize, c.HiddenSize, c.IntermediateSize, c.NumLayers, c.NumHeads = 50304, 512, 2048, 6, 8
	c.RopeParameters = &RopeParameters{Theta: 10000, Type: "default", PartialFactor: pointer(neoXPart)}
	c.EosTokenID = TokenIDs{0}
	return c
}

// neoXPart is the part of each head that is turned where a file doesn't say.
const neoXPart = 0.25

func gptNeoXDefaults() GPTNeoXConfig {
	return GPTNeoXConfig{
		VocabSize: 50432, HiddenSize: 6144, IntermediateSize: 24576, NumLayers: 44, NumHeads: 64,
		Activation: "gelu", MaxPositions: 2048, InitRange: 0.02, LayerNormEps: 1e-5,
		AttentionBias: true, ParallelResidual: true, BosTokenID: pointer(0), EosTokenID: TokenIDs{2},
	}
}

func sizeGPTNeoX(_ Family, s Size) (Config, error) {
	if err := s.ungrouped(); err != nil {
		return nil, err
	}
	c := DefaultGPTNeoXConfig()
	c.VocabSize, c.MaxPositions, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize = s.Vocab, s.Context, s.Width, s.Layers, s.Heads, s.inner()
	c.HiddenDropout, c.AttentionDropout = s.Dropout, s.Dropout
	c.BosTokenID, c.EosTokenID = s.Start, oneToken(s.End)
	return c, nil
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
	places := RopeConfig{RopeTheta: c.RotaryBase, PartialFactor: c.RotaryPart, RopeScaling: c.RopeScaling, RopeParameters: c.RopeParameters}
	return places.resolve(0, neoXPart)
}

// build makes the decoder of "GPT-NeoX-20B: An Open-Source Autoregressive Language Model" (Black et al., 2022), which Pythia
// shares: rotary positions on a part of each head, and attention beside the feed-forward.
func (c GPTNeoXConfig) build(o origin) (Model, error) {
	std := graph.Normal(c.InitRange)
	return decoderParts{
		config: c, family: "gpt_neox", class: "GPTNeoXForCausalLM", bodyClass: "GPTNeoXModel", architectures: c.Architectures,
		vocab: c.VocabSize, context: c.rope().context(c.MaxPositions), turnsBeyond: c.rope().turnsBeyond(c.MaxPositions), dropout: c.HiddenDropout,
		names:     decoderNames{body: "gpt_neox", tokens: "embed_in", blocks: "layers", norm: "final_layer_norm", head: "embed_out"},
		ignored:   []string{"attention.bias", "attention.masked_bias", "attention.rotary_emb.inv_freq"}, // which old files carry
		embedding: layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.HiddenSize, Init: std},
		blocks:    slices.Repeat([]layers.BlockConfig{c.block()}, c.NumLayers),
		norm:      c.norm(),
		head:      layers.LanguageHeadConfig{Width: c.HiddenSize, Vocab: c.VocabSize, Init: std},
		tied:      c.TieEmbeddings, generation: generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID},
	}.build(o)
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

package models

import (
	"errors"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
)

// T5Config is a T5's config.json. Fields that a file leaves out have the values of
// DefaultT5Config.
type T5Config struct {
	Architectures    []string `json:"architectures"`
	VocabSize        int      `json:"vocab_size"` // V
	Width            int      `json:"d_model"`    // D
	HeadSize         int      `json:"d_kv"`       // K
	Hidden           int      `json:"d_ff"`       // F
	NumLayers        int      `json:"num_layers"` // of the encoder
	NumDecoderLayers *int     `json:"num_decoder_layers"`
	NumHeads         int      `json:"num_heads"`                      // H
	Buckets          int      `json:"relative_attention_num_buckets"` // trained biases of each head
	MaxDistance      int      `json:"relative_attention_max_distance"`
	Dropout          float64  `json:"dropout_rate"`
	LayerNormEps     float64  `json:"layer_norm_epsilon"`
	InitFactor       float64  `json:"initializer_factor"` // scales the standard deviations of new weights
	FeedForward      string   `json:"feed_forward_proj"`  // an activation, with the prefix "gated-" for a gated one
	TieEmbeddings    bool     `json:"tie_word_embeddings"`
	ScaleOutputs     *bool    `json:"scale_decoder_outputs,omitempty"` // divide by √D before the head; nil means where it is tied
	DenseActivation  string   `json:"dense_act_fn,omitempty"`          // comes before the activation that FeedForward names
	Gated            *bool    `json:"is_gated_act,omitempty"`          // likewise
	IsEncoderDecoder bool     `json:"is_encoder_decoder"`
	StartTokenID     *int     `json:"decoder_start_token_id"` // nil means the padding's id
	EosTokenID       TokenIDs `json:"eos_token_id"`
	PadTokenID       int      `json:"pad_token_id"`
}

// DefaultT5Config returns the smallest published T5, with 60 million parameters
// (Raffel et al., 2020).
func DefaultT5Config() T5Config {
	return T5Config{
		VocabSize: 32128, Width: 512, HeadSize: 64, Hidden: 2048, NumLayers: 6, NumHeads: 8, Buckets: 32, MaxDistance: 128,
		Dropout: 0.1, LayerNormEps: 1e-6, InitFactor: 1, FeedForward: "relu", TieEmbeddings: true, IsEncoderDecoder: true,
		StartTokenID: pointer(0), EosTokenID: TokenIDs{1},
	}
}

func t5Defaults() T5Config {
	c := DefaultT5Config()
	c.StartTokenID = nil
	return c
}

// t5Aliases are other names of a T5's fields.
var t5Aliases = map[string]string{"hidden_size": "d_model", "num_attention_heads": "num_heads", "num_hidden_layers": "num_layers", "head_dim": "d_kv"}

func sizeT5(_ Family, s Size) (Config, error) {
	first, err := s.first()
	if err := errors.Join(err, s.ungrouped()); err != nil {
		return nil, err
	}
	c := DefaultT5Config()
	c.VocabSize, c.Width, c.NumLayers, c.NumHeads, c.HeadSize, c.Hidden = s.Vocab, s.Width, s.Layers, s.Heads, s.headSize(), s.inner()
	c.Dropout, c.StartTokenID, c.EosTokenID, c.PadTokenID = s.Dropout, &first, oneToken(s.End), first
	if s.Pad != nil {
		c.PadTokenID = *s.Pad
	}
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c T5Config) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: t5: "+format, args...)
	}
	for name, value := range map[string]int{
		"vocab_size": c.VocabSize, "d_model": c.Width, "d_kv": c.HeadSize, "d_ff": c.Hidden, "num_layers": c.NumLayers, "num_decoder_layers": c.decoderLayers(),
		"num_heads": c.NumHeads, "relative_attention_num_buckets": c.Buckets, "relative_attention_max_distance": c.MaxDistance,
	} {
		if err := checkSize(name, value); err != nil {
			return fail("%w", err)
		}
	}
	if c.Dropout < 0 || c.Dropout >= 1 {
		return fail("dropout_rate is %g, expected [0, 1)", c.Dropout)
	}
	if _, _, err := c.activation(); err != nil {
		return fail("feed_forward_proj: %w", err)
	}
	if start := c.start(); start < 0 || start >= c.VocabSize {
		return fail("the decoder starts with token %d, outside of the vocabulary of %d", start, c.VocabSize)
	}
	return nil
}

func (c T5Config) decoderLayers() int {
	if c.NumDecoderLayers == nil {
		return c.NumLayers
	}
	return *c.NumDecoderLayers
}

// activation returns the function of the feed-forward and whether it is a gate.
func (c T5Config) activation() (kind graph.Activation, gated bool, err error) {
	name, gated := strings.CutPrefix(c.FeedForward, "gated-")
	if gated && name == "gelu" { // a misnomer in the published files
		name = "gelu_new"
	}
	if c.DenseActivation != "" {
		name = c.DenseActivation
	}
	if c.Gated != nil {
		gated = *c.Gated
	}
	kind, err = activation(name)
	return kind, gated, err
}

func (c T5Config) start() int {
	if c.StartTokenID == nil {
		return c.PadTokenID
	}
	return *c.StartTokenID
}

// scales tells whether the decoder's states are divided by √D before the head.
func (c T5Config) scales() bool {
	if c.ScaleOutputs == nil {
		return c.TieEmbeddings
	}
	return *c.ScaleOutputs
}

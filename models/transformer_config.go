package models

import (
	"errors"
	"fmt"
)

// TransformerConfig is the config.json of the original Transformer. There is no such
// model in Hugging Face's library, so the names are this module's.
type TransformerConfig struct {
	VocabSize     int     `json:"vocab_size"` // V, shared by sources and texts
	Width         int     `json:"d_model"`    // D, even
	Hidden        int     `json:"d_ff"`       // F
	EncoderLayers int     `json:"encoder_layers"`
	DecoderLayers int     `json:"decoder_layers"`
	Heads         int     `json:"num_heads"`     // H
	MaxPositions  int     `json:"max_positions"` // the largest S and T
	Dropout       float64 `json:"dropout"`
	LayerNormEps  float64 `json:"layer_norm_eps"`
	PreNorm       bool    `json:"pre_norm"`            // norms before each part and at the end; default after each sum
	TieEmbeddings bool    `json:"tie_word_embeddings"` // the head is the table of embeddings
	StartTokenID  int     `json:"bos_token_id"`        // what texts begin with
	EosTokenID    int     `json:"eos_token_id"`        // what they end with
	PadTokenID    *int    `json:"pad_token_id"`        // whose embedding isn't trained; nil for none
}

// DefaultTransformerConfig returns the base model of the paper, with 65 million
// parameters at its vocabulary (Vaswani et al., 2017).
func DefaultTransformerConfig() TransformerConfig {
	return TransformerConfig{
		VocabSize: 37000, Width: 512, Hidden: 2048, EncoderLayers: 6, DecoderLayers: 6, Heads: 8,
		MaxPositions: 512, Dropout: 0.1, LayerNormEps: 1e-5, TieEmbeddings: true, StartTokenID: 1, EosTokenID: 2, PadTokenID: pointer(0),
	}
}

func transformerDefaults() TransformerConfig {
	c := DefaultTransformerConfig()
	c.PadTokenID = nil
	return c
}

func sizeTransformer(_ Family, s Size) (Config, error) {
	first, err := s.first()
	if err := errors.Join(err, s.ungrouped()); err != nil {
		return nil, err
	}
	c := DefaultTransformerConfig()
	c.VocabSize, c.MaxPositions, c.Width, c.EncoderLayers, c.DecoderLayers, c.Heads, c.Hidden = s.Vocab, s.Context, s.Width, s.Layers, s.Layers, s.Heads, s.inner()
	c.Dropout, c.StartTokenID, c.EosTokenID, c.PadTokenID = s.Dropout, first, first, s.Pad
	if s.End != nil {
		c.EosTokenID = *s.End
	}
	return c, nil
}

// Validate tells what is wrong with the configuration, or nil.
func (c TransformerConfig) Validate() error {
	fail := func(format string, args ...any) error {
		return fmt.Errorf("models: transformer: "+format, args...)
	}
	for name, value := range map[string]int{
		"vocab_size": c.VocabSize, "d_model": c.Width, "d_ff": c.Hidden, "encoder_layers": c.EncoderLayers,
		"decoder_layers": c.DecoderLayers, "num_heads": c.Heads, "max_positions": c.MaxPositions,
	} {
		if err := checkSize(name, value); err != nil {
			return fail("%w", err)
		}
	}
	switch {
	case c.Width%c.Heads != 0:
		return fail("d_model %d is not divisible by num_heads %d", c.Width, c.Heads)
	case c.Width%2 != 0:
		return fail("d_model %d is odd, expected pairs of a sine and a cosine", c.Width)
	case c.Dropout < 0 || c.Dropout >= 1:
		return fail("dropout is %g, expected [0, 1)", c.Dropout)
	case c.StartTokenID < 0 || c.StartTokenID >= c.VocabSize:
		return fail("bos_token_id is %d, outside of the vocabulary of %d", c.StartTokenID, c.VocabSize)
	}
	return nil
}

package models

import (
	"errors"

	"github.com/seahorse-ml/seahorse/layers"
)

var robertaNames = encoderFamily{
	class: "Roberta", prefix: "roberta", pooler: "pooler.dense",
	masked: "lm_head", maskedNames: layers.MaskedHeadNames{Norm: "layer_norm"}, ownPooler: true, behindPadding: true,
}

// DefaultRobertaConfig returns the smaller published RoBERTa, with 125 million parameters
// (Liu et al., 2019).
func DefaultRobertaConfig() EncoderConfig {
	c := robertaDefaults()
	c.MaxPositions, c.TypeVocabSize, c.LayerNormEps = 514, 1, 1e-5
	return c
}

func robertaDefaults() EncoderConfig {
	c := DefaultBertConfig()
	c.ModelType, c.VocabSize = "roberta", 50265
	c.BosTokenID, c.PadTokenID, c.EosTokenID = pointer(0), pointer(1), TokenIDs{2}
	return c
}

func sizeRoberta(_ Family, s Size) (Config, error) {
	c, err := DefaultRobertaConfig().sized(s)
	if s.Pad == nil {
		return nil, errors.New("positions begin behind the id of the padding token, and there is none")
	}
	c.MaxPositions += c.positionOffset()
	return c, err
}

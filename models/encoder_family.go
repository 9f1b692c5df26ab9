package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// encoderFamily says how a family of encoders names its parts.
type encoderFamily struct {
	class  string // what the names of architectures begin with
	prefix string // folder of the encoder where it has a head
	pooler string // folder of the pooler in the encoder
	shared bool   // layers share parameters, and embeddings have a width of their own

	masked      string // folder of the head for masked tokens
	maskedNames layers.MaskedHeadNames
	ownPooler   bool // the head of sequence classification pools by itself, in the folder classifier

	behindPadding bool // the first position has the row of the table behind that of the padding's id
}

// encoderArches returns the names of the families of encoders, sorted.
func encoderArches() []string {
	var names []string
	for _, f := range Families() {
		if f.encoder != nil {
			names = append(names, f.Name)
		}
	}
	return names
}

// block returns what the blocks of all encoders have in common.
func (c EncoderConfig) block() layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	return layers.BlockConfig{
		Attention: layers.AttentionConfig{
			Width: c.HiddenSize, Heads: c.NumHeads, Bias: true, OutBias: true, Dropout: c.AttentionDropout, Init: std,
		},
		FeedForward: layers.FeedForwardConfig{
			Width: c.HiddenSize, Hidden: c.IntermediateSize, Activation: c.activation(), Bias: true, Init: std,
		},
		Norm:    c.norm(c.HiddenSize),
		Order:   layers.PostNorm,
		Dropout: c.HiddenDropout,
	}
}

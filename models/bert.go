package models

import (
	"fmt"
	"maps"
	"slices"

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
}

// encoderFamilies are the encoders by model_type.
var encoderFamilies = map[string]encoderFamily{
	"bert": {
		class: "Bert", prefix: "bert", pooler: "pooler.dense",
		masked: "cls.predictions", maskedNames: layers.MaskedHeadNames{Dense: "transform.dense", Norm: "transform.LayerNorm"},
	},
	"roberta": {
		class: "Roberta", prefix: "roberta", pooler: "pooler.dense",
		masked: "lm_head", maskedNames: layers.MaskedHeadNames{Norm: "layer_norm"}, ownPooler: true,
	},
	"albert": {
		class: "Albert", prefix: "albert", pooler: "pooler", shared: true,
		masked: "predictions", maskedNames: layers.MaskedHeadNames{Norm: "LayerNorm"},
	},
}

// encoderArches returns the names of encoderFamilies, sorted.
func encoderArches() []string { return slices.Sorted(maps.Keys(encoderFamilies)) }

// bertBlocks makes the blocks of BERT (Devlin et al., 2019), which are RoBERTa's too.
func (c EncoderConfig) bertBlocks(p *graph.Params) []*layers.Block {
	b := c.block()
	b.Attention.Names = layers.AttentionNames{Query: "self.query", Key: "self.key", Value: "self.value", Out: "output.dense"}
	b.FeedForward.Names = layers.FeedForwardNames{Up: "intermediate.dense", Down: "output.dense"}
	b.Names = layers.BlockNames{Attention: "attention", AttentionNorm: "attention.output.LayerNorm", FeedForward: ".", FeedForwardNorm: "output.LayerNorm"}
	blocks := make([]*layers.Block, c.NumLayers)
	for i := range blocks {
		blocks[i] = layers.NewBlock(b, p.Sub(fmt.Sprint(i)))
	}
	return blocks
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

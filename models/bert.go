package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

var bertNames = encoderFamily{
	class: "Bert", prefix: "bert", pooler: "pooler.dense",
	masked: "cls.predictions", maskedNames: layers.MaskedHeadNames{Dense: "transform.dense", Norm: "transform.LayerNorm"},
}

// DefaultBertConfig returns the smaller published BERT, with 110 million parameters
// (Devlin et al., 2019).
func DefaultBertConfig() EncoderConfig {
	pad := 0
	return EncoderConfig{
		ModelType: "bert", VocabSize: 30522, HiddenSize: 768, NumLayers: 12, NumHeads: 12, IntermediateSize: 3072,
		Activation: "gelu", HiddenDropout: 0.1, AttentionDropout: 0.1, MaxPositions: 512, TypeVocabSize: 2,
		InitRange: 0.02, LayerNormEps: 1e-12, PadTokenID: &pad, TieEmbeddings: true,
	}
}

func sizeBert(_ Family, s Size) (Config, error) { return DefaultBertConfig().sized(s) }

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

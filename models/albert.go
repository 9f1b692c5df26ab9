package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

var albertNames = encoderFamily{
	class: "Albert", prefix: "albert", pooler: "pooler", shared: true,
	masked: "predictions", maskedNames: layers.MaskedHeadNames{Norm: "LayerNorm"},
}

// DefaultAlbertConfig returns the smallest published ALBERT, with 12 million parameters
// (Lan et al., 2020).
func DefaultAlbertConfig() EncoderConfig {
	c := albertDefaults()
	c.HiddenSize, c.NumHeads, c.IntermediateSize = 768, 12, 3072
	return c
}

func albertDefaults() EncoderConfig {
	c := DefaultBertConfig()
	c.ModelType, c.VocabSize, c.Activation, c.EmbeddingSize, c.NumGroups, c.InnerLayers = "albert", 30000, "gelu_new", 128, 1, 1
	c.HiddenSize, c.NumHeads, c.IntermediateSize = 4096, 64, 16384
	c.HiddenDropout, c.AttentionDropout, c.ClassifierDropoutProb = 0, 0, pointer(0.1)
	c.BosTokenID, c.EosTokenID = pointer(2), TokenIDs{3}
	return c
}

func sizeAlbert(_ Family, s Size) (Config, error) {
	c := DefaultAlbertConfig()
	c.EmbeddingSize = min(c.EmbeddingSize, s.Width)
	return c.sized(s)
}

// albertBlocks makes the blocks of ALBERT (Lan et al., 2020) in the order in which
// they run: the layers of a group are the same blocks, again and again.
func (c EncoderConfig) albertBlocks(p *graph.Params) []*layers.Block {
	b := c.block()
	b.Attention.Names = layers.AttentionNames{Out: "dense"}
	b.FeedForward.Names = layers.FeedForwardNames{Up: "ffn", Down: "ffn_output"}
	b.Names = layers.BlockNames{Attention: "attention", AttentionNorm: "attention.LayerNorm", FeedForward: ".", FeedForwardNorm: "full_layer_layer_norm"}
	groups := make([][]*layers.Block, c.NumGroups)
	for i := range groups {
		folder := p.Sub(fmt.Sprint(i)).Sub("albert_layers")
		for k := range c.InnerLayers {
			groups[i] = append(groups[i], layers.NewBlock(b, folder.Sub(fmt.Sprint(k))))
		}
	}
	var blocks []*layers.Block
	for i := range c.NumLayers {
		blocks = append(blocks, groups[i*c.NumGroups/c.NumLayers]...)
	}
	return blocks
}

package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

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

package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// An Order says where a block normalises.
type Order uint8

const (
	PreNorm  Order = iota // x + f(norm(x)): before each part (Xiong et al., 2020)
	PostNorm              // norm(x + f(x)): after each sum, as the first transformer did
)

// BlockConfig configures NewBlock.
type BlockConfig struct {
	Attention   AttentionConfig
	FeedForward FeedForwardConfig
	Norm        NormConfig
	Order       Order   // default PreNorm
	Dropout     float64 // of what each part adds; default 0
	Names       BlockNames
}

// BlockNames are the folders of a block's parts in the parameter tree.
type BlockNames struct {
	Attention       string // default "attention"
	AttentionNorm   string // default "attention_norm"
	FeedForward     string // default "feed_forward"
	FeedForwardNorm string // default "feed_forward_norm"
}

// Block is a transformer block: attention and a feed-forward, each in a residual
// connection with dropout and a norm.
type Block struct {
	Attention       *Attention
	FeedForward     *FeedForward
	AttentionNorm   *Norm
	FeedForwardNorm *Norm

	order   Order
	dropout float64
}

// NewBlock makes the parts.
func NewBlock(c BlockConfig, p *graph.Params) *Block {
	if c.Dropout < 0 || c.Dropout >= 1 {
		p.Fail(fmt.Errorf("layers: block: dropout %g, expected [0, 1)", c.Dropout))
	}
	if w := c.Attention.Width; c.FeedForward.Width != w || c.Norm.Width != w {
		p.Fail(fmt.Errorf("layers: block: widths %d of the attention, %d of the feed-forward and %d of the norm differ", w, c.FeedForward.Width, c.Norm.Width))
	}
	return &Block{
		AttentionNorm:   NewNorm(c.Norm, p.Sub(or(c.Names.AttentionNorm, "attention_norm"))),
		Attention:       NewAttention(c.Attention, p.Sub(or(c.Names.Attention, "attention"))),
		FeedForwardNorm: NewNorm(c.Norm, p.Sub(or(c.Names.FeedForwardNorm, "feed_forward_norm"))),
		FeedForward:     NewFeedForward(c.FeedForward, p.Sub(or(c.Names.FeedForward, "feed_forward"))),
		order:           c.Order,
		dropout:         c.Dropout,
	}
}

// Forward maps x [B, T, D] to the same shape.
func (b *Block) Forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	attend := func(x *graph.Node) *graph.Node { return b.Attention.Forward(g, x, pass) }
	feed := func(x *graph.Node) *graph.Node { return b.FeedForward.Forward(g, x) }
	x = b.residual(g, x, b.AttentionNorm, attend)
	return b.residual(g, x, b.FeedForwardNorm, feed)
}

// residual adds to x what a part makes of it.
func (b *Block) residual(g *graph.Graph, x *graph.Node, norm *Norm, part func(*graph.Node) *graph.Node) *graph.Node {
	if b.order == PostNorm {
		return norm.Forward(g, g.Add(x, g.Dropout(part(x), b.dropout)))
	}
	return g.Add(x, g.Dropout(part(norm.Forward(g, x)), b.dropout))
}

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
	Sandwich              // x + norm(f(norm(x))): before and after each part (Ding et al., 2021)
	Parallel              // x + f(norm(x)) + g(norm'(x)): both parts read the same x (Wang and Komatsuzaki, 2021)
	OutNorm               // x + norm(f(x)): after each part (OLMo Team, 2024)
)

// BlockConfig configures NewBlock.
type BlockConfig struct {
	Attention   AttentionConfig
	Cross       *AttentionConfig // attention to another sequence after the first; nil for none
	FeedForward FeedForwardConfig
	Mixture     *MixtureConfig // in place of the feed-forward; nil for none
	Norm        NormConfig
	Order       Order   // default PreNorm
	Dropout     float64 // of what each part adds; default 0
	// ResidualScale multiplies x in each sum; 0 means 1. DeepNorm (Wang et al., 2022) has
	// (2N)^¼ for N blocks in post-norm order.
	ResidualScale float64
	// PartScale multiplies what each part adds; 0 means 1.
	PartScale float64
	// DropPath is the probability with which a sequence skips a part in training
	// (stochastic depth, Huang et al., 2016); default 0.
	DropPath float64
	Names    BlockNames
}

// BlockNames are the folders of a block's parts in the parameter tree.
type BlockNames struct {
	Attention          string // default "attention"
	AttentionNorm      string // default "attention_norm"
	AttentionOutNorm   string // in sandwich order; default "attention_out_norm"
	Cross              string // default "cross"
	CrossNorm          string // default "cross_norm"
	FeedForward        string // default "feed_forward"
	FeedForwardNorm    string // default "feed_forward_norm"
	FeedForwardOutNorm string // in sandwich order; default "feed_forward_out_norm"
}

// Block is a transformer block: attention and a feed-forward, each in a residual
// connection with dropout and a norm, and in decoders of another sequence attention to it
// between them.
type Block struct {
	Attention          *Attention
	Cross              *Attention   // nil without
	CrossNorm          *Norm        // nil without
	FeedForward        *FeedForward // nil with a mixture
	Mixture            *Mixture     // nil without
	AttentionNorm      *Norm
	AttentionOutNorm   *Norm // in sandwich order, else nil
	FeedForwardNorm    *Norm
	FeedForwardOutNorm *Norm // in sandwich order, else nil

	config BlockConfig
}

// NewBlock makes the parts.
func NewBlock(c BlockConfig, p *graph.Params) *Block {
	for what, rate := range map[string]float64{"dropout": c.Dropout, "drop path": c.DropPath} {
		if rate < 0 || rate >= 1 {
			p.Fail(fmt.Errorf("layers: block: %s %g, expected [0, 1)", what, rate))
		}
	}
	feed := c.FeedForward
	if c.Mixture != nil {
		feed = c.Mixture.Expert
	}
	if w := c.Attention.Width; feed.Width != w || c.Norm.Width != w {
		p.Fail(fmt.Errorf("layers: block: widths %d of the attention, %d of the feed-forward and %d of the norm differ", w, feed.Width, c.Norm.Width))
	}
	if c.ResidualScale == 0 {
		c.ResidualScale = 1
	}
	if c.PartScale == 0 {
		c.PartScale = 1
	}
	names := c.Names
	b := &Block{
		AttentionNorm:   NewNorm(c.Norm, p.Sub(or(names.AttentionNorm, "attention_norm"))),
		Attention:       NewAttention(c.Attention, p.Sub(or(names.Attention, "attention"))),
		FeedForwardNorm: NewNorm(c.Norm, p.Sub(or(names.FeedForwardNorm, "feed_forward_norm"))),
		config:          c,
	}
	if folder := p.Sub(or(names.FeedForward, "feed_forward")); c.Mixture != nil {
		b.Mixture = NewMixture(*c.Mixture, folder)
	} else {
		b.FeedForward = NewFeedForward(c.FeedForward, folder)
	}
	if c.Cross != nil {
		if c.Order != PreNorm && c.Order != PostNorm {
			p.Fail(fmt.Errorf("layers: block: attention to another sequence needs pre-norm or post-norm order"))
		}
		b.CrossNorm = NewNorm(c.Norm, p.Sub(or(names.CrossNorm, "cross_norm")))
		b.Cross = NewAttention(*c.Cross, p.Sub(or(names.Cross, "cross")))
	}
	if c.Order == Sandwich {
		b.AttentionOutNorm = NewNorm(c.Norm, p.Sub(or(names.AttentionOutNorm, "attention_out_norm")))
		b.FeedForwardOutNorm = NewNorm(c.Norm, p.Sub(or(names.FeedForwardOutNorm, "feed_forward_out_norm")))
	}
	return b
}

// Forward maps x [B, T, D] to the same shape. Where a trace checkpoints, a block keeps x alone for the backward pass.
func (b *Block) Forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	return g.Checkpoint(x, b.forward(g, x, pass))
}

func (b *Block) forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	attend := func(x *graph.Node) *graph.Node { return b.Attention.Forward(g, x, pass) }
	feed := func(x *graph.Node) *graph.Node { return b.feed(g, x, pass) }
	if b.config.Order == Parallel {
		sum := b.part(g, b.AttentionNorm.Forward(g, x), attend)
		return g.Add(b.residual(g, x), g.Add(sum, b.part(g, b.FeedForwardNorm.Forward(g, x), feed)))
	}
	x = b.add(g, x, b.AttentionNorm, b.AttentionOutNorm, attend)
	if b.Cross != nil {
		x = b.add(g, x, b.CrossNorm, nil, func(x *graph.Node) *graph.Node { return b.Cross.Cross(g, x, pass) })
	}
	return b.add(g, x, b.FeedForwardNorm, b.FeedForwardOutNorm, feed)
}

// feed is the feed-forward, or the mixture, whose router's scores the pass is told.
func (b *Block) feed(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	if b.Mixture == nil {
		return b.FeedForward.Forward(g, x)
	}
	y, scores := b.Mixture.Forward(g, x)
	if pass.Routed != nil {
		pass.Routed(scores)
	}
	return y
}

// add adds to x what a part makes of it, and normalises in the block's order.
func (b *Block) add(g *graph.Graph, x *graph.Node, norm, outNorm *Norm, run func(*graph.Node) *graph.Node) *graph.Node {
	switch b.config.Order {
	case OutNorm:
		return g.Add(b.residual(g, x), b.part(g, x, func(x *graph.Node) *graph.Node { return norm.Forward(g, run(x)) }))
	case PostNorm:
		return norm.Forward(g, g.Add(b.residual(g, x), b.part(g, x, run)))
	}
	if outNorm != nil {
		inner := run
		run = func(x *graph.Node) *graph.Node { return outNorm.Forward(g, inner(x)) }
	}
	return g.Add(b.residual(g, x), b.part(g, norm.Forward(g, x), run))
}

// part is what a part adds: scaled, and dropped in training.
func (b *Block) part(g *graph.Graph, x *graph.Node, run func(*graph.Node) *graph.Node) *graph.Node {
	y := g.Scale(run(x), b.config.PartScale)
	return g.DropPath(g.Dropout(y, b.config.Dropout), b.config.DropPath)
}

func (b *Block) residual(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Scale(x, b.config.ResidualScale)
}

package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// FeedForwardConfig configures NewFeedForward.
type FeedForwardConfig struct {
	Width, Hidden int              // D and F, > 0
	Activation    graph.Activation // needed: any but graph.Identity, which would make it linear
	Gated         bool             // a second projection is multiplied by the activated one; default false
	Packed        bool             // one projection makes the gate and, behind it, what it is multiplied with; default two
	Bias          bool             // the projections have biases; default false
	InOut         bool             // weights are stored [In, Out]; default [Out, In]
	Dropout       float64          // of the hidden values; default 0
	Init          graph.Init       // of the projections to F; default Xavier uniform
	OutInit       graph.Init       // of the projection to D; default Init
	Names         FeedForwardNames
}

// FeedForwardNames are the folders of the projections in the parameter tree.
type FeedForwardNames struct {
	Packed string // default "gate_up"
	Up     string // default "up"
	Gate   string // default "gate"
	Down   string // default "down"
}

// FeedForward is f(x·U)·D, or with a gate (f(x·G)⊙(x·U))·D (Shazeer, 2020): a GLU
// with a sigmoid, GeGLU with GELU, SwiGLU with SiLU.
type FeedForward struct {
	GateUp *Linear // D to 2·F, if packed
	Gate   *Linear // D to F; nil without gate and if packed
	Up     *Linear // D to F; nil if packed
	Down   *Linear // F to D

	config FeedForwardConfig
}

// NewFeedForward makes the projections.
func NewFeedForward(c FeedForwardConfig, p *graph.Params) *FeedForward {
	if c.Width <= 0 || c.Hidden <= 0 {
		p.Fail(fmt.Errorf("layers: feed-forward: widths %d and %d, expected them to be positive", c.Width, c.Hidden))
		return &FeedForward{}
	}
	if c.Activation == graph.Identity || !c.Activation.Known() {
		p.Fail(fmt.Errorf("layers: feed-forward: activation %v, expected one, such as graph.GELU", c.Activation))
		return &FeedForward{}
	}
	if c.Packed && !c.Gated {
		p.Fail(fmt.Errorf("layers: feed-forward: a packed projection needs a gate"))
		return &FeedForward{}
	}
	in := LinearConfig{In: c.Width, Out: c.Hidden, Bias: c.Bias, InOut: c.InOut, Init: c.Init}
	out := LinearConfig{In: c.Hidden, Out: c.Width, Bias: c.Bias, InOut: c.InOut, Init: c.OutInit.Or(c.Init)}
	f := &FeedForward{config: c}
	if c.Packed {
		in.Out = 2 * c.Hidden
		f.GateUp = NewLinear(in, p.Sub(or(c.Names.Packed, "gate_up")))
	} else {
		if c.Gated {
			f.Gate = NewLinear(in, p.Sub(or(c.Names.Gate, "gate")))
		}
		f.Up = NewLinear(in, p.Sub(or(c.Names.Up, "up")))
	}
	f.Down = NewLinear(out, p.Sub(or(c.Names.Down, "down")))
	return f
}

// Forward maps x [B, T, D] to the same shape.
func (f *FeedForward) Forward(g *graph.Graph, x *graph.Node) *graph.Node {
	var h *graph.Node
	switch n := f.config.Hidden; {
	case f.GateUp != nil:
		both := f.GateUp.Forward(g, x)
		h = g.Gate(f.config.Activation, g.Slice(both, 0, n), g.Slice(both, n, 2*n))
	case f.Gate != nil:
		h = f.Up.Forward(g, x)
		h = g.Gate(f.config.Activation, f.Gate.Forward(g, x), h)
	default:
		h = g.Activate(f.config.Activation, f.Up.Forward(g, x))
	}
	return f.Down.Forward(g, g.Dropout(h, f.config.Dropout))
}

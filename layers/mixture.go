package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// MixtureConfig configures NewMixture.
type MixtureConfig struct {
	Experts int               // E, > 0
	Active  int               // experts that a token chooses, 1 to E
	Expert  FeedForwardConfig // of each expert, stored [Out, In], without biases and not packed
	Init    graph.Init        // of the router; default Xavier uniform
	Names   MixtureNames
}

// MixtureNames are the folders of the parts in the parameter tree.
type MixtureNames struct {
	Router  string // default "router"
	Experts string // default "experts"
}

// Mixture is a mixture of experts in place of a feed-forward (Shazeer et al., 2017): a
// router chooses a few experts for each token, and their results are weighed by the softmax of
// its scores. Tokens are computed by the experts that they chose and by no others, and none is
// ever dropped, however uneven the choice.
type Mixture struct {
	Router  *Linear // D to E, without bias
	Experts []*FeedForward

	config MixtureConfig
}

// NewMixture makes the parameters "router" and "experts.0", "experts.1", ….
func NewMixture(c MixtureConfig, p *graph.Params) *Mixture {
	switch {
	case c.Experts <= 0 || c.Active <= 0 || c.Active > c.Experts:
		p.Fail(fmt.Errorf("layers: mixture: %d of %d experts active, expected 1 to all of them", c.Active, c.Experts))
		return &Mixture{}
	case c.Expert.Bias || c.Expert.InOut || c.Expert.Packed:
		p.Fail(fmt.Errorf("layers: mixture: experts with biases, weights stored [In, Out] or a packed projection, expected none of them"))
		return &Mixture{}
	}
	m := &Mixture{config: c}
	m.Router = NewLinear(LinearConfig{In: c.Expert.Width, Out: c.Experts, Init: c.Init}, p.Sub(or(c.Names.Router, "router")))
	folder := p.Sub(or(c.Names.Experts, "experts"))
	for i := range c.Experts {
		m.Experts = append(m.Experts, NewFeedForward(c.Expert, folder.Sub(fmt.Sprint(i))))
	}
	return m
}

// Forward maps x [B, T, D] to the same shape. Of the router's scores [B, T, E] of all mixtures, graph.RouteBalance makes
// a loss that, added to the model's in a small part, keeps the routers from choosing the same experts always.
func (m *Mixture) Forward(g *graph.Graph, x *graph.Node) (y, scores *graph.Node) {
	b, t, d := g.Dims3(x)
	scores = m.Router.Forward(g, x)
	gates, slots := g.Route(scores, m.config.Active), g.Dispatch(scores, m.config.Active)
	rows := g.Embedding(g.Reshape(x, b*t, d), slots.Rows)
	h := m.grouped(g, rows, slots, func(f *FeedForward) *Linear { return f.Up })
	if c := m.config.Expert; c.Gated {
		h = g.Gate(c.Activation, m.grouped(g, rows, slots, func(f *FeedForward) *Linear { return f.Gate }), h)
	} else {
		h = g.Activate(c.Activation, h)
	}
	h = m.grouped(g, g.Dropout(h, m.config.Expert.Dropout), slots, func(f *FeedForward) *Linear { return f.Down })
	gate := g.Embedding(g.Reshape(gates, b*t*m.config.Experts, 1), slots.Cells)
	y = g.Collect(g.Weigh(h, gate, 0), slots, b*t)
	return g.Reshape(y, b, t, d), scores
}

// A GroupAdapter is an Adapter of the projections of experts.
type GroupAdapter interface {
	Adapter
	// Grouped is Forward of one projection of each expert, for the rows in its slots. All of them have adapters like this one.
	Grouped(g *graph.Graph, group []*Linear, rows *graph.Node, slots graph.Slots) *graph.Node
}

// grouped applies one projection of each expert to the rows in its slots.
func (m *Mixture) grouped(g *graph.Graph, rows *graph.Node, slots graph.Slots, of func(*FeedForward) *Linear) *graph.Node {
	group, weights, adapted := make([]*Linear, len(m.Experts)), make([]*graph.Node, len(m.Experts)), 0
	for i, expert := range m.Experts {
		group[i] = of(expert)
		weights[i] = g.Param(group[i].Weight)
		if group[i].Adapter != nil {
			adapted++
		}
	}
	if adapted == 0 {
		return g.GroupedLinear(rows, slots, weights)
	}
	adapter, ok := group[0].Adapter.(GroupAdapter)
	if !ok || adapted < len(group) {
		return g.Fail(fmt.Errorf("layers: mixture: %d of %d experts have an adapter at %s, expected one for all of them that can be computed together", adapted, len(group), group[0].Name))
	}
	return adapter.Grouped(g, group, rows, slots)
}

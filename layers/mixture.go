package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// MixtureConfig configures NewMixture.
type MixtureConfig struct {
	Experts int               // E, > 0
	Active  int               // experts that a token chooses, 1 to E
	Expert  FeedForwardConfig // of each expert
	Init    graph.Init        // of the router; default Xavier uniform
}

// Mixture is a mixture of experts in place of a feed-forward (Shazeer et al., 2017): a
// router chooses a few experts for each token, and their results are weighed by the softmax of
// its scores. Every expert computes every token and its weight is 0 where it isn't chosen, so
// the result is exact, but nothing is saved over computing them all.
type Mixture struct {
	Router  *Linear // D to E, without bias
	Experts []*FeedForward

	active int
}

// NewMixture makes the parameters "router" and "experts.0", "experts.1", ….
func NewMixture(c MixtureConfig, p *graph.Params) *Mixture {
	if c.Experts <= 0 || c.Active <= 0 || c.Active > c.Experts {
		p.Fail(fmt.Errorf("layers: mixture: %d of %d experts active, expected 1 to all of them", c.Active, c.Experts))
		return &Mixture{}
	}
	m := &Mixture{active: c.Active}
	m.Router = NewLinear(LinearConfig{In: c.Expert.Width, Out: c.Experts, Init: c.Init}, p.Sub("router"))
	for i := range c.Experts {
		m.Experts = append(m.Experts, NewFeedForward(c.Expert, p.Sub("experts").Sub(fmt.Sprint(i))))
	}
	return m
}

// Forward maps x [B, T, D] to the same shape. The balance loss, a scalar to be added
// to the model's in a small part, keeps the router from choosing the same experts always
// (Fedus et al., 2022).
func (m *Mixture) Forward(g *graph.Graph, x *graph.Node) (y, balance *graph.Node) {
	scores := m.Router.Forward(g, x)
	gates := g.Route(scores, m.active)
	for i, expert := range m.Experts {
		part := g.Weigh(expert.Forward(g, x), gates, i)
		if y == nil {
			y = part
		} else {
			y = g.Add(y, part)
		}
	}
	return y, g.RouteBalance(scores, m.active)
}

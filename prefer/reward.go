package prefer

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Scorer is a model with one value for each text.
type Scorer interface {
	Params() []*graph.Param
	// Scores maps ids [B, T], with segments [B, T] that tell padding, to [B].
	Scores(g *graph.Graph, ids, segments *graph.Node) *graph.Node
}

// Reward learns a value of texts from pairs, of which the better one is to have the greater value (Bradley and Terry, 1952):
// -log σ(better - worse - margin).
type Reward struct {
	Scorer Scorer
	// Center is how strongly the values of a pair are held to a sum of 0 (Eisenstein et al., 2023), ≥ 0; default 0.
	Center float64
}

// Params returns the scorer's parameters.
func (r Reward) Params() []*graph.Param { return r.Scorer.Params() }

// Loss returns the loss of rows of two texts, the better one first, maybe with a Margin.
func (r Reward) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	a := on(g)
	ids := flat(g, b.Node(g, IDs))
	var segments *graph.Node
	if n := b.In[layers.Segments]; n != nil {
		segments = flat(g, n)
	}
	scores := r.Scorer.Scores(g, ids, segments)
	better, worse := side(g, scores, 0), side(g, scores, 1)
	distance := a.Sub(better, worse)
	delta := distance
	if margin := b.In[Margin]; margin != nil && g.Err() == nil {
		delta = a.Sub(delta, g.Reshape(margin, better.Shape().TotalSize()))
	}
	losses := a.Times(a.logSigmoid(delta), -1)
	if r.Center > 0 {
		losses = a.Add(losses, a.Times(a.square(a.Add(better, worse)), r.Center))
	}
	return layers.Loss{Total: a.total(losses, b.Scale), Each: losses, Figures: []layers.Figure{
		figure("accuracy", a.Greater(better, worse)), figure("margin", distance), figure("mean_reward", a.Times(a.Add(better, worse), 0.5)),
	}}
}

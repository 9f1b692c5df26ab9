package prefer

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// withBetter returns the loss of pairs, [B] or nil for none, and beside it a weight times the cross entropy of the better completions' tokens, by their summed
// log-probabilities [B]. Rows have BetterTargets. The figure nll_loss is that cross entropy.
func withBetter(a algebra, b layers.Batch, pairs, logps *graph.Node, weight float64, figures []layers.Figure) layers.Loss {
	g := a.Graph
	better := b.Node(g, BetterTargets)
	if g.Err() != nil {
		return layers.Loss{}
	}
	counts, sums := g.RowSums(g.NotNegative(better)), a.Times(logps, -1)
	total := a.total(sums, b.Scales[BetterTargets])
	if b.Scale == nil {
		total = a.Div(g.Check(gorgonia.Sum(sums)), g.Check(gorgonia.Sum(counts)))
	}
	mean := a.Div(sums, counts)
	figures = append(figures, layers.Figure{Name: "nll_loss", Nodes: []*graph.Node{mean}, Weights: counts})
	total, each := a.Times(total, weight), a.Times(mean, weight)
	if pairs != nil {
		total, each = a.Add(a.total(pairs, b.Scales[layers.Rows]), total), a.Add(pairs, each)
	}
	return layers.Loss{Total: total, Each: each, Figures: figures}
}

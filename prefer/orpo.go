package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// ORPO learns the better text by its cross entropy, and that it is better by the ratio of the odds (Hong et al., 2024), without a
// reference. Log-probabilities are means over the tokens of a completion.
type ORPO struct {
	Policy Model
	Beta   float64 // of the ratio, > 0; trl's default is 0.1
}

// Params returns the policy's parameters.
func (o ORPO) Params() []*graph.Param { return o.Policy.Params() }

// Loss returns the loss of rows of two texts, the better one first, with WholeTargets and AllTargets. The total is the mean cross entropy
// of the better texts' tokens, prompts included, and the mean of the pairs' part; evaluations take means over pairs of both.
func (o ORPO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if !(o.Beta > 0) {
		g.Fail(fmt.Errorf("prefer: orpo: beta %v, expected more than 0", o.Beta))
	}
	a := on(g)
	ids, targets, whole, all := b.Node(g, IDs), b.Node(g, Targets), b.Node(g, WholeTargets), b.Node(g, AllTargets)
	losses := o.Policy.TokenLosses(g, flat(g, ids), flat(g, all), nil)
	mask := g.NotNegative(flat(g, targets))
	if g.Err() != nil {
		return layers.Loss{}
	}
	pairs, length := ids.Shape()[0], ids.Shape()[2]
	completions := a.Mul(g.Reshape(losses, 2*pairs, length), mask)
	logps := a.Times(a.Div(g.RowSums(completions), lengths(g, targets)), -1)
	chosen, rejected := side(g, logps, 0), side(g, logps, 1)
	odds := a.Sub(a.Sub(chosen, rejected), a.Sub(logLess(a, chosen), logLess(a, rejected)))
	ratio := a.logSigmoid(odds)
	part := a.Times(ratio, -o.Beta)

	nll := g.Slice(g.Reshape(losses, pairs, 2*length), 0, length) // of the better texts
	if g.Err() != nil {
		return layers.Loss{}
	}
	sums, counts := g.RowSums(nll), lengths(g, whole)
	tokens := a.total(sums, b.Scale)
	if b.Scale == nil {
		tokens = a.Div(g.Check(gorgonia.Sum(sums)), g.Check(gorgonia.Sum(counts)))
	}
	goodReward, badReward := a.Times(chosen, o.Beta), a.Times(rejected, o.Beta)
	figures := append(pairFigures(a, chosen, rejected, goodReward, badReward),
		layers.Figure{Name: "nll_loss", Nodes: []*graph.Node{g.Reshape(nll, pairs*length)}, Weights: whole},
		figure("log_odds_ratio", ratio), figure("log_odds_chosen", odds))
	each := a.Add(a.Div(sums, counts), part)
	return layers.Loss{Total: a.Add(tokens, a.total(part, b.Scales[layers.Rows])), Each: each, Figures: figures}
}

// logLess is log(1 - e^x) for x < 0.
func logLess(a algebra, x *graph.Node) *graph.Node { return a.Log(a.Plus(a.Times(a.Exp(x), -1), 1)) }

package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// SimPO learns which of two texts is better by their mean log-probabilities, without a reference (Meng et al., 2024):
// -log σ(β·(better - worse) - γ).
type SimPO struct {
	Policy Model
	Beta   float64 // > 0; trl's default is 0.1, the paper has 2 to 10
	Gamma  float64 // by how much the better one is to be better, ≥ 0; trl's default is 0.5
	// LabelSmoothing is the share of pairs that are taken to be the wrong way round, in [0, 0.5).
	LabelSmoothing float64
}

// Params returns the policy's parameters.
func (s SimPO) Params() []*graph.Param { return s.Policy.Params() }

// Loss returns the loss of rows of two texts, the better one first.
func (s SimPO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if !(s.Beta > 0) || !(s.Gamma >= 0) || !(s.LabelSmoothing >= 0 && s.LabelSmoothing < 0.5) {
		g.Fail(fmt.Errorf("prefer: simpo: beta %v, gamma %v and label smoothing %v, expected more than 0, 0 or more and [0, 0.5)", s.Beta, s.Gamma, s.LabelSmoothing))
	}
	a := algebra{g}
	ids, targets := b.Node(g, IDs), b.Node(g, Targets)
	logps := a.div(logProbs(g, s.Policy, ids, targets), lengths(g, targets))
	chosen, rejected := side(g, logps, 0), side(g, logps, 1)
	delta := a.plus(a.times(a.sub(chosen, rejected), s.Beta), -s.Gamma)
	losses := a.times(a.logSigmoid(delta), -(1 - s.LabelSmoothing))
	if s.LabelSmoothing > 0 {
		losses = a.add(losses, a.times(a.logSigmoid(a.times(delta, -1)), -s.LabelSmoothing))
	}
	goodReward, badReward := a.times(chosen, s.Beta), a.times(rejected, s.Beta)
	return layers.Loss{Total: a.total(losses, b.Scale), Each: losses, Figures: pairFigures(a, chosen, rejected, goodReward, badReward)}
}

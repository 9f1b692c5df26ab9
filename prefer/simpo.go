package prefer

import (
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
	return CPO{Policy: s.Policy, LossType: "simpo", Beta: s.Beta, Gamma: s.Gamma, LabelSmoothing: s.LabelSmoothing}.Loss(g, b)
}

package prefer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// CPO learns which of two texts is better by their log-probabilities, without a reference, and the better one by its cross entropy
// (Xu et al., 2024).
type CPO struct {
	Policy Model
	// LossType is one of CPOLossTypes, trl's names. Of ipo and simpo log-probabilities are means over the tokens of a completion, of
	// sigmoid and hinge their sums.
	LossType string
	Beta     float64 // > 0; trl's default is 0.1
	Gamma    float64 // of simpo, by how much the better one is to be better, ≥ 0; trl's default is 0.5
	Alpha    float64 // of the better text's cross entropy, ≥ 0; trl's default is 1. 0 goes without
	// LabelSmoothing is the share of pairs that are taken to be the wrong way round, of sigmoid and simpo, in [0, 0.5).
	LabelSmoothing float64
}

// CPOLossTypes returns the names of CPO's losses.
func CPOLossTypes() []string { return []string{"sigmoid", "hinge", "ipo", "simpo"} }

// Validate tells what is wrong with the settings.
func (c CPO) Validate() error {
	smooth := c.LossType == "sigmoid" || c.LossType == "simpo"
	switch {
	case !slices.Contains(CPOLossTypes(), c.LossType):
		return fmt.Errorf("prefer: cpo: loss type %q, expected one of %s", c.LossType, strings.Join(CPOLossTypes(), ", "))
	case !(c.Beta > 0) || math.IsInf(c.Beta, 0):
		return fmt.Errorf("prefer: cpo: beta %v, expected more than 0", c.Beta)
	case !(c.Gamma >= 0) || !(c.Alpha >= 0) || math.IsInf(c.Gamma+c.Alpha, 0):
		return fmt.Errorf("prefer: cpo: gamma %v and alpha %v, expected 0 or more", c.Gamma, c.Alpha)
	case !(c.LabelSmoothing >= 0 && c.LabelSmoothing < 0.5) || c.LabelSmoothing > 0 && !smooth:
		return fmt.Errorf("prefer: cpo: label smoothing %v, expected [0, 0.5), and 0 of %s", c.LabelSmoothing, c.LossType)
	}
	return nil
}

// Params returns the policy's parameters.
func (c CPO) Params() []*graph.Param { return c.Policy.Params() }

// Loss returns the loss of rows of two texts, the better one first; with an Alpha above 0 they have BetterTargets. The total is
// the mean loss of the pairs and Alpha times the mean cross entropy of the better completions' tokens; evaluations take means over pairs of both.
func (c CPO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if err := c.Validate(); err != nil {
		g.Fail(err)
	}
	a := on(g)
	ids, targets := b.Node(g, IDs), b.Node(g, Targets)
	logps := logProbs(g, c.Policy, ids, targets)
	sums := side(g, logps, 0)
	if c.LossType == "ipo" || c.LossType == "simpo" {
		logps = a.Div(logps, lengths(g, targets))
	}
	chosen, rejected := side(g, logps, 0), side(g, logps, 1)
	losses := c.losses(a, a.Sub(chosen, rejected))
	figures := pairFigures(a, chosen, rejected, a.Times(chosen, c.Beta), a.Times(rejected, c.Beta))
	if c.Alpha == 0 {
		return layers.Loss{Total: a.total(losses, b.Scales[layers.Rows]), Each: losses, Figures: figures}
	}
	return withBetter(a, b, losses, sums, c.Alpha, figures)
}

// losses returns those of the pairs, [B], by how much more probable the better one is.
func (c CPO) losses(a algebra, difference *graph.Node) *graph.Node {
	delta := a.Times(difference, c.Beta)
	switch c.LossType {
	case "hinge":
		return a.ReLU(a.Plus(a.Times(delta, -1), 1))
	case "ipo":
		return a.square(a.Plus(difference, -1/(2*c.Beta)))
	case "simpo":
		delta = a.Plus(delta, -c.Gamma)
	}
	losses := a.Times(a.logSigmoid(delta), -(1 - c.LabelSmoothing))
	if c.LabelSmoothing > 0 {
		losses = a.Add(losses, a.Times(a.logSigmoid(a.Times(delta, -1)), -c.LabelSmoothing))
	}
	return losses
}

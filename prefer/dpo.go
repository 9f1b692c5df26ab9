package prefer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// DPOConfig configures DPO. DefaultDPOConfig has trl's defaults.
type DPOConfig struct {
	// LossTypes are some of LossTypes, trl's names: sigmoid (Rafailov et al., 2023), ipo, hinge, … They are added up.
	LossTypes []string
	// LossWeights are what each of LossTypes counts in the sum. Default: nil, 1 each.
	LossWeights []float64
	// Beta is how strongly the policy is held to the reference, > 0.
	Beta float64
	// LabelSmoothing is the share of pairs that are taken to be the wrong way round, in [0, 0.5): of robust, aot, aot_unpaired and exo_pair, which needs it.
	LabelSmoothing float64
	// Divergence is one of Divergences, which holds the policy to the reference, and Alpha the α of alpha_divergence; trl's default is 0.5. Default: reverse_kl.
	Divergence string
	Alpha      float64
	// DiscoTau is the temperature of discopop, > 0.
	DiscoTau float64
	// UseWeighting multiplies the loss of a pair by how probable both answers are to the policy itself, so that pairs count most that are like what it would
	// write (WPO: Zhou et al., 2024): of each answer by the mean of log p − log Σ p² over its tokens, as a power of e, without a gradient. It
	// doesn't go with sft, aot and aot_unpaired. Default: false.
	UseWeighting bool
}

// LossTypes returns the names of DPO's losses. Those of aot and aot_unpaired compare the texts of a micro-batch in the order of their log-ratios, so that
// micro-batches differ from one large batch. That of sft is the cross entropy of the better texts' tokens, for sums with others.
func LossTypes() []string {
	return []string{"sigmoid", "hinge", "ipo", "exo_pair", "nca_pair", "robust", "bco_pair", "sppo_hard", "apo_zero", "apo_down", "discopop", "sigmoid_norm", "aot", "aot_unpaired", "sft"}
}

// DefaultDPOConfig returns the sigmoid loss with β 0.1.
func DefaultDPOConfig() DPOConfig {
	return DPOConfig{LossTypes: []string{"sigmoid"}, Beta: 0.1, DiscoTau: 0.05, Alpha: 0.5}
}

// Validate tells what is wrong with the configuration.
func (c DPOConfig) Validate() error {
	for _, name := range c.LossTypes {
		if !slices.Contains(LossTypes(), name) {
			return fmt.Errorf("prefer: dpo: loss type %q, expected one of %s", name, strings.Join(LossTypes(), ", "))
		}
		if c.UseWeighting && slices.Contains([]string{"sft", "aot", "aot_unpaired"}, name) {
			return fmt.Errorf("prefer: dpo: weights of pairs and the loss type %s, which isn't one of single pairs", name)
		}
	}
	for i, w := range c.LossWeights {
		if math.IsNaN(w) || math.IsInf(w, 0) {
			return fmt.Errorf("prefer: dpo: the weight of loss %d is %v, expected a number", i+1, w)
		}
	}
	switch {
	case len(c.LossTypes) == 0 || c.LossWeights != nil && len(c.LossWeights) != len(c.LossTypes):
		return fmt.Errorf("prefer: dpo: %d loss types and %d weights, expected at least one, and as many weights or none", len(c.LossTypes), len(c.LossWeights))
	case !(c.Beta > 0) || math.IsInf(c.Beta, 0):
		return fmt.Errorf("prefer: dpo: beta %v, expected more than 0", c.Beta)
	case !(c.LabelSmoothing >= 0 && c.LabelSmoothing < 0.5):
		return fmt.Errorf("prefer: dpo: label smoothing %v, expected [0, 0.5)", c.LabelSmoothing)
	case c.Sums("exo_pair") && c.LabelSmoothing == 0:
		return fmt.Errorf("prefer: dpo: exo_pair needs a label smoothing above 0; its authors take 1e-3")
	case c.Sums("discopop") && (!(c.DiscoTau > 0) || math.IsInf(c.DiscoTau, 0)):
		return fmt.Errorf("prefer: dpo: discopop's temperature is %v, expected more than 0", c.DiscoTau)
	}
	return c.validateDivergence()
}

// Sums tells whether a loss type is one of those that are added up.
func (c DPOConfig) Sums(name string) bool { return slices.Contains(c.LossTypes, name) }

// DPO learns which of two texts is better by the log-probabilities that a policy gives them, beside those of a reference that
// doesn't change.
type DPO struct {
	Policy Model
	// Reference is the model that the policy is held to, whose parameters are frozen by their owner; nil reads the input
	// Reference.
	Reference Model
	Config    DPOConfig
}

// Params returns the policy's parameters.
func (d DPO) Params() []*graph.Param { return d.Policy.Params() }

// Loss returns the loss of rows of two texts, the better one first; with TokenWeights the log-probabilities are weighed, and for sft they have
// BetterTargets. The total is the sum of the mean losses of the pairs, and of sft that of the better completions' tokens; evaluations take means over pairs of
// both.
func (d DPO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if err := d.Config.Validate(); err != nil {
		g.Fail(err)
	}
	ids, targets, weights := b.Node(g, IDs), b.Node(g, Targets), b.In[TokenWeights]
	of := tokenLosses(g, d.Policy, ids, targets)
	logps := summed(g, of, targets, weights)
	reference := b.In[Reference]
	if d.Reference != nil {
		still := g.Sub("reference").Still()
		reference = summed(still, tokenLosses(still, d.Reference, ids, targets), targets, weights)
	} else if reference == nil {
		reference = b.Node(g, Reference) // fails
	}
	chosen, rejected := side(g, logps, 0), side(g, logps, 1)
	a := on(g)
	good, bad := a.Sub(chosen, side(g, reference, 0)), a.Sub(rejected, side(g, reference, 1))
	counts := lengths(g, targets)
	var pairs *graph.Node
	better := 0.0 // what the cross entropy of the better texts counts
	for i, name := range d.Config.LossTypes {
		weight := 1.0
		if d.Config.LossWeights != nil {
			weight = d.Config.LossWeights[i]
		}
		var losses *graph.Node
		switch name {
		case "sft":
			better += weight
			continue
		case "aot":
			losses = d.Config.transported(a, a.Sub(chosen, rejected), a.Sub(side(g, reference, 0), side(g, reference, 1)), counts)
		case "aot_unpaired":
			losses = d.Config.transported(a, good, bad, counts)
		default:
			losses = d.Config.losses(a, name, good, bad, counts)
		}
		if weight != 1 {
			losses = a.Times(losses, weight)
		}
		if pairs != nil {
			losses = a.Add(pairs, losses)
		}
		pairs = losses
	}
	if d.Config.UseWeighting {
		pairs = a.Mul(pairs, ownWeights(a, of, targets, counts))
	}
	goodReward, badReward := a.Times(good, d.Config.Beta), a.Times(bad, d.Config.Beta)
	figures := pairFigures(a, chosen, rejected, goodReward, badReward)
	if d.Config.Sums("sft") {
		return withBetter(a, b, pairs, side(g, summed(g, of, targets, nil), 0), better, figures)
	}
	return layers.Loss{Total: a.total(pairs, b.Scale), Each: pairs, Figures: figures}
}

// ownWeights returns what the losses of pairs are multiplied by as the policy would write their texts, [B], by the losses of tokens [B·2·T].
func ownWeights(a algebra, losses, targets, counts *graph.Node) *graph.Node {
	g := a.Graph
	squares := g.SquaredProbabilities(losses)
	if g.Err() == nil && squares == nil {
		g.Fail(fmt.Errorf("prefer: dpo: weights of pairs are for policies whose token losses are those of graph.TokenLosses"))
	}
	aligned := a.Add(summed(g, losses, targets, nil), summed(g, squares, targets, nil))
	filled := a.Add(counts, a.less(counts, 0.5)) // of rows of padding 1
	own := a.Exp(g.Detach(a.Div(aligned, filled)))
	return a.Mul(side(g, own, 0), side(g, own, 1))
}

// pairFigures are those that trl logs as rewards/chosen, rewards/rejected, rewards/accuracies, rewards/margins, logps/chosen and
// logps/rejected.
func pairFigures(a algebra, chosen, rejected, goodReward, badReward *graph.Node) []layers.Figure {
	return []layers.Figure{
		figure("rewards/chosen", goodReward), figure("rewards/rejected", badReward), figure("rewards/accuracies", a.Greater(goodReward, badReward)),
		figure("rewards/margins", a.Sub(goodReward, badReward)), figure("logps/chosen", chosen), figure("logps/rejected", rejected),
	}
}

// losses returns those of the pairs, [B], of a loss type by the log-ratios of policy to reference.
func (c DPOConfig) losses(a algebra, name string, good, bad, lengths *graph.Node) *graph.Node {
	beta := c.Beta
	good, bad = c.score(a, good), c.score(a, bad)
	delta := a.Times(a.Sub(good, bad), beta)
	goodReward, badReward := a.Times(good, beta), a.Times(bad, beta)
	less := func(x *graph.Node) *graph.Node { return a.Times(x, -1) }
	switch name {
	case "hinge":
		return a.ReLU(a.Plus(less(delta), 1))
	case "ipo", "sigmoid_norm":
		good, bad = a.Div(good, side(a.Graph, lengths, 0)), a.Div(bad, side(a.Graph, lengths, 1))
		if name == "ipo" {
			return a.square(a.Plus(a.Sub(good, bad), -1/(2*beta)))
		}
		return less(a.logSigmoid(a.Times(a.Sub(good, bad), beta)))
	case "exo_pair":
		right := a.Mul(a.sigmoid(delta), a.Plus(a.logSigmoid(delta), -math.Log1p(-c.LabelSmoothing)))
		wrong := a.Mul(a.sigmoid(less(delta)), a.Plus(a.logSigmoid(less(delta)), -math.Log(c.LabelSmoothing)))
		return a.Add(right, wrong)
	case "nca_pair":
		sum := a.Add(a.logSigmoid(goodReward), a.Times(a.Add(a.logSigmoid(less(goodReward)), a.logSigmoid(less(badReward))), 0.5))
		return less(sum)
	case "robust":
		clean, flipped := a.Times(a.logSigmoid(delta), -(1-c.LabelSmoothing)), a.Times(a.logSigmoid(less(delta)), -c.LabelSmoothing)
		return a.Times(a.Sub(clean, flipped), 1/(1-2*c.LabelSmoothing))
	case "bco_pair":
		return less(a.Add(a.logSigmoid(goodReward), a.logSigmoid(less(badReward))))
	case "sppo_hard":
		return a.Add(a.square(a.Plus(good, -0.5/beta)), a.square(a.Plus(bad, 0.5/beta)))
	case "apo_zero":
		return a.Plus(a.Sub(a.sigmoid(badReward), a.sigmoid(goodReward)), 1)
	case "apo_down":
		return a.Plus(a.Sub(a.sigmoid(goodReward), a.sigmoid(delta)), 1)
	case "discopop":
		share := a.sigmoid(a.Times(delta, 1/c.DiscoTau))
		logistic, exponential := less(a.logSigmoid(delta)), a.Exp(less(delta))
		return a.Add(logistic, a.Mul(share, a.Sub(exponential, logistic)))
	}
	return less(a.logSigmoid(delta))
}

// transported returns the losses of what is better and what is worse, each sorted by itself (Melnyk et al., 2024). Rows of padding, whose texts have no targets, come
// last.
func (c DPOConfig) transported(a algebra, better, worse, lengths *graph.Node) *graph.Node {
	const last = 1e6 // beyond the log-ratio of any text
	padding := a.Times(a.less(side(a.Graph, lengths, 0), 0.5), last)
	delta := a.Times(a.Sub(a.sorted(a.Add(better, padding)), a.sorted(a.Add(worse, padding))), c.Beta)
	return a.Sub(a.Times(a.logSigmoid(delta), c.LabelSmoothing-1), a.Times(a.logSigmoid(a.Times(delta, -1)), c.LabelSmoothing))
}

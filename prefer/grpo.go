package prefer

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// GRPOConfig configures GRPO, by trl's names. DefaultGRPOConfig has trl's defaults.
type GRPOConfig struct {
	// LossType is one of GRPOLossTypes: how the losses of tokens are added up, or with cispo (MiniMax, 2025) what they are.
	LossType string
	// EpsilonLow and EpsilonHigh are how far a ratio may fall below or rise above 1 before a token isn't learned any further, ≥ 0; of cispo,
	// EpsilonHigh is the most that a ratio counts.
	EpsilonLow, EpsilonHigh float64
	// Delta is the most that a ratio counts where the advantage is negative, > 1 + EpsilonHigh; 0 sets no bound.
	Delta float64
	// Beta is how strongly the policy is held to a reference, ≥ 0; 0 goes without.
	Beta float64
	// Sequence takes one ratio for a completion, the geometric mean of its tokens' (GSPO: Zheng et al., 2025), in the place of one for each token.
	Sequence bool
	// MaxLength is the most tokens of a completion, by which dr_grpo divides, > 0.
	MaxLength int
}

// GRPOLossTypes returns the names of GRPO's losses:
//
//	grpo     the mean over completions of the means over their tokens (Shao et al., 2024)
//	bnpo     the mean over the tokens of a micro-batch
//	dr_grpo  the sum over the number of completions times MaxLength (Liu et al., 2025)
//	dapo     the mean over the tokens of all that was sampled together (Yu et al., 2025)
//	luspo    the mean over completions of the sums over their tokens
//	cispo    as dapo, of clipped ratios times log-probabilities
func GRPOLossTypes() []string { return []string{"grpo", "bnpo", "dr_grpo", "dapo", "luspo", "cispo"} }

// DefaultGRPOConfig returns the loss dapo with ε 0.2 on both sides and no reference.
func DefaultGRPOConfig() GRPOConfig {
	return GRPOConfig{LossType: "dapo", EpsilonLow: 0.2, EpsilonHigh: 0.2, MaxLength: 512}
}

// Validate tells what is wrong with the configuration.
func (c GRPOConfig) Validate() error {
	finite := func(v float64) bool { return v >= 0 && !math.IsInf(v, 0) }
	switch {
	case !slices.Contains(GRPOLossTypes(), c.LossType):
		return fmt.Errorf("prefer: grpo: loss type %q, expected one of %s", c.LossType, strings.Join(GRPOLossTypes(), ", "))
	case !finite(c.EpsilonLow) || !finite(c.EpsilonHigh) || !finite(c.Beta):
		return fmt.Errorf("prefer: grpo: epsilon %v and %v and beta %v, expected 0 or more", c.EpsilonLow, c.EpsilonHigh, c.Beta)
	case !finite(c.Delta) || c.Delta != 0 && c.Delta <= 1+c.EpsilonHigh:
		return fmt.Errorf("prefer: grpo: delta %v, expected more than 1 + epsilon %v, or 0 for none", c.Delta, c.EpsilonHigh)
	case c.Sequence && !slices.Contains([]string{"grpo", "luspo"}, c.LossType):
		return fmt.Errorf("prefer: grpo: one ratio for a completion and the loss type %s, expected grpo or luspo", c.LossType)
	case c.LossType == "dr_grpo" && c.MaxLength < 1:
		return fmt.Errorf("prefer: grpo: dr_grpo divides by %d tokens, expected the most of a completion", c.MaxLength)
	}
	return nil
}

// The inputs of rows of samples, beside IDs and Targets [T].
const (
	// Advantage is by how much a sample is better than the others of its group.
	Advantage = "advantage"
	// OldLogProbs [T] are the log-probabilities of the targets when the sample was drawn, 0 elsewhere; without them those of the policy as it is.
	OldLogProbs = "old_logprobs"
	// ReferenceLogProbs [T] are those of the reference, 0 elsewhere; they are needed where Beta isn't 0.
	ReferenceLogProbs = "reference_logprobs"
	// Sampled is the same in all rows, and how many tokens were drawn for each step of what was sampled together, > 0: what dapo and cispo divide by.
	// Without it they divide by the targets of a step.
	Sampled = "sampled"
)

// GRPO learns from samples of a policy by their advantages (Shao et al., 2024): a token of a good sample becomes more probable, but by a
// clipped ratio to what it was when the sample was drawn.
type GRPO struct {
	Policy Model
	Config GRPOConfig
}

// Params returns the policy's parameters.
func (o GRPO) Params() []*graph.Param { return o.Policy.Params() }

// Loss returns the loss of rows of a sample each, with an Advantage.
func (o GRPO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if err := o.Config.Validate(); err != nil {
		g.Fail(err)
	}
	a, c := on(g), o.Config
	ids, targets, advantage := b.Node(g, IDs), b.Node(g, Targets), b.Node(g, Advantage)
	losses := o.Policy.TokenLosses(g, ids, targets, nil)
	if g.Err() != nil {
		return layers.Loss{}
	}
	rows, length := ids.Shape()[0], ids.Shape()[1]
	logps := a.Times(g.Reshape(losses, rows, length), -1)
	old := b.In[OldLogProbs]
	if old == nil {
		old = g.Detach(logps)
	}
	mask := g.NotNegative(targets)
	counts := a.Plus(a.ReLU(a.Plus(g.RowSums(mask), -1)), 1) // at least 1
	logRatio := a.Sub(logps, old)
	if c.Sequence {
		logRatio = spread(a, a.Div(g.RowSums(logRatio), counts), length)
	}
	ratio, advantages := a.Exp(logRatio), spread(a, g.Reshape(advantage, rows), length)
	each := c.tokens(a, ratio, advantages, logps)
	var figures []layers.Figure
	weights := g.Reshape(targets, rows*length)
	mean := func(name string, n *graph.Node) {
		figures = append(figures, layers.Figure{Name: name, Nodes: []*graph.Node{g.Reshape(n, rows*length)}, Weights: weights})
	}
	if c.Beta != 0 {
		distance := a.Sub(b.Node(g, ReferenceLogProbs), logps)
		kl := a.Plus(a.Sub(a.Exp(distance), distance), -1)
		each = a.Add(each, a.Times(kl, c.Beta))
		mean("kl", kl)
	}
	low, high := a.Mul(a.less(ratio, 1-c.EpsilonLow), a.less(advantages, 0)), a.Mul(a.more(ratio, 1+c.EpsilonHigh), a.more(advantages, 0))
	if c.LossType == "cispo" {
		mean("cispo_clip_ratio", a.Mul(a.more(ratio, c.EpsilonHigh), a.more(advantages, 0)))
	} else {
		clipped := mean
		if c.Sequence { // one ratio a sample, the same at all of its tokens
			clipped = func(name string, n *graph.Node) {
				figures = append(figures, figure(name, g.Reshape(g.Slice(n, 0, 1), rows)))
			}
		}
		clipped("clip_ratio/low_mean", low)
		clipped("clip_ratio/high_mean", high)
		clipped("clip_ratio/region_mean", a.Add(low, high))
	}
	sums := g.RowSums(a.Mul(each, mask))
	return layers.Loss{Total: c.total(a, b, sums, counts), Each: a.Div(sums, counts), Figures: figures}
}

// tokens returns the losses of tokens, [B, T].
func (c GRPOConfig) tokens(a algebra, ratio, advantages, logps *graph.Node) *graph.Node {
	if c.LossType == "cispo" {
		return a.Times(a.Mul(a.Mul(a.Graph.Detach(a.most(ratio, c.EpsilonHigh)), advantages), logps), -1)
	}
	clipped := a.most(a.least(ratio, 1-c.EpsilonLow), 1+c.EpsilonHigh)
	if c.Delta != 0 {
		ratio = a.most(ratio, c.Delta)
	}
	free, bound := a.Mul(ratio, advantages), a.Mul(clipped, advantages)
	return a.Sub(a.ReLU(a.Sub(free, bound)), free) // less the lower of both
}

// total adds up the sums of samples, [B], whose tokens are counted, [B].
func (c GRPOConfig) total(a algebra, b layers.Batch, sums, counts *graph.Node) *graph.Node {
	scale := b.Scales[layers.Rows]
	switch c.LossType {
	case "grpo":
		return a.total(a.Div(sums, counts), scale)
	case "luspo":
		return a.total(sums, scale)
	case "dr_grpo":
		return a.total(a.Times(sums, 1/float64(max(1, c.MaxLength))), scale)
	case "bnpo":
		if a.Graph.Err() != nil {
			return sums
		}
		rows := sums.Shape().TotalSize()
		mean := a.Div(a.Graph.Check(gorgonia.Sum(sums)), a.Graph.Check(gorgonia.Sum(counts)))
		if scale == nil {
			return mean
		}
		return a.Apply(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Sum(x) }, a.Times(a.Mul(a.Graph.Reshape(mean, 1), scale), float64(rows)))
	}
	if sampled := b.In[Sampled]; sampled != nil && a.Graph.Err() == nil {
		return a.Graph.Check(gorgonia.Sum(a.Div(sums, a.Graph.Reshape(sampled, sums.Shape().TotalSize()))))
	}
	if scale = b.Scales[Targets]; scale == nil && a.Graph.Err() == nil {
		return a.Div(a.Graph.Check(gorgonia.Sum(sums)), a.Graph.Check(gorgonia.Sum(counts)))
	}
	return a.total(sums, scale)
}

// spread repeats x [B] to [B, T].
func spread(a algebra, x *graph.Node, length int) *graph.Node {
	if a.Graph.Err() != nil {
		return x
	}
	rows := x.Shape().TotalSize()
	name := fmt.Sprintf("ones %d", length)
	ones := a.Graph.Shared(name, func() *graph.Node { return a.Graph.Const(name, slices.Repeat([]float64{1}, length), length, 1) })
	return a.Graph.Linear(a.Graph.Reshape(x, rows, 1), ones, nil, graph.LinearConfig{})
}

// least is x where it is more than a bound, else the bound; most the other way round.
func (a algebra) least(x *graph.Node, bound float64) *graph.Node {
	return a.Plus(a.ReLU(a.Plus(x, -bound)), bound)
}

func (a algebra) most(x *graph.Node, bound float64) *graph.Node {
	return a.Sub(x, a.ReLU(a.Plus(x, -bound)))
}

// more is 1 where x is more than a bound, else 0; less where it is less.
func (a algebra) more(x *graph.Node, bound float64) *graph.Node {
	return a.Greater(x, a.Fill(x, bound))
}

func (a algebra) less(x *graph.Node, bound float64) *graph.Node {
	return a.Greater(a.Fill(x, bound), x)
}

package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/arithmetic"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// A Model is a language model whose tokens' losses can be computed with, such as a *models.Decoder.
type Model interface {
	Params() []*graph.Param
	// TokenLosses returns the negative log-probabilities of targets [B, T] behind ids [B, T], as [B·T], 0 where a target is
	// negative. Segments may be nil.
	TokenLosses(g *graph.Graph, ids, targets, segments *graph.Node) *graph.Node
}

// The inputs of rows of texts in pairs, of K texts a row: 2, the better one first, or 1.
const (
	// IDs [K, T] are the tokens that go in, and Targets [K, T] those that are to come out, negative where nothing is learned: in
	// prompts and padding.
	IDs, Targets = layers.IDs, layers.Targets
	// Reference [K] are the log-probabilities of the targets by a reference, summed by TokenWeights, where they were computed before.
	Reference = "reference"
	// WholeTargets [T] are the targets of the better text with those of the prompt among them, of which ORPO takes the cross entropy; the
	// layout counts them. AllTargets [K, T] are the same, and behind them the targets of the other text.
	WholeTargets, AllTargets = "whole_targets", "all_targets"
	// BetterTargets [T] are the targets of the better text alone, of which CPO takes the cross entropy; the layout counts them.
	BetterTargets = "better_targets"
	// TokenWeights [K, T] are what the log-probability of each target counts in the sum of its text; optional, 1 without.
	TokenWeights = "token_weights"
	// Margin is by how much the better one is better, for reward models; optional.
	Margin = "margin"
	// Desirable is 1 for a text that is good and 0 for one that isn't, for KTO.
	Desirable = "desirable"
	// MismatchedIDs, MismatchedTargets [T] are a prompt with the completion of another, for KTO, and MismatchedReference is as
	// Reference.
	MismatchedIDs, MismatchedTargets, MismatchedReference = "mismatched_ids", "mismatched_targets", "mismatched_reference"
)

// flat views an input [B, K, T] as [B·K, T].
func flat(g *graph.Graph, n *graph.Node) *graph.Node {
	s := n.Shape()
	if g.Err() != nil {
		return n
	}
	switch s.Dims() {
	case 2:
		return n
	case 3:
		return g.Reshape(n, s[0]*s[1], s[2])
	}
	return g.Fail(fmt.Errorf("prefer: input %q of shape %v, expected [B, K, T] or [B, T]", n.Name(), s))
}

// logProbs returns the summed log-probabilities of the targets of each text, [B·K].
func logProbs(g *graph.Graph, m Model, ids, targets *graph.Node) *graph.Node {
	return summed(g, tokenLosses(g, m, ids, targets), targets, nil)
}

// tokenLosses returns the negative log-probabilities of the targets of all texts, [B·K·T].
func tokenLosses(g *graph.Graph, m Model, ids, targets *graph.Node) *graph.Node {
	return m.TokenLosses(g, flat(g, ids), flat(g, targets), nil)
}

// summed returns the log-probabilities of the targets of each text, [B·K], of their losses, each times its weight where those aren't nil.
func summed(g *graph.Graph, losses, targets, weights *graph.Node) *graph.Node {
	if g.Err() != nil {
		return losses
	}
	s := flat(g, targets).Shape()
	rows := g.Reshape(losses, s[0], s[1])
	if weights != nil {
		rows = on(g).Mul(rows, flat(g, weights))
	}
	return g.Scale(g.RowSums(rows), -1)
}

// lengths returns how many targets each text has, [B·K].
func lengths(g *graph.Graph, targets *graph.Node) *graph.Node {
	return g.RowSums(g.NotNegative(flat(g, targets)))
}

// side returns one of two columns of [B·2] or [B, 2], as [B].
func side(g *graph.Graph, n *graph.Node, k int) *graph.Node {
	if g.Err() != nil {
		return n
	}
	rows := n.Shape().TotalSize() / 2
	return g.Reshape(g.Slice(g.Reshape(n, rows, 2), k, k+1), rows)
}

// algebra is arithmetic on a trace, and what the losses of this package need beside it.
type algebra struct{ arithmetic.On }

func on(g *graph.Graph) algebra { return algebra{arithmetic.On{Graph: g}} }

func (a algebra) square(x *graph.Node) *graph.Node  { return a.Apply(gorgonia.Square, x) }
func (a algebra) sigmoid(x *graph.Node) *graph.Node { return a.Apply(gorgonia.Sigmoid, x) }

// logSigmoid is -softplus(-x).
func (a algebra) logSigmoid(x *graph.Node) *graph.Node {
	return a.Times(a.Apply(gorgonia.Softplus, a.Times(x, -1)), -1)
}

// total returns the sum of losses [n] times scale [1], or their mean.
func (a algebra) total(losses, scale *graph.Node) *graph.Node {
	if a.Graph.Err() != nil {
		return losses
	}
	if scale == nil {
		return a.Graph.Check(gorgonia.Mean(losses))
	}
	sum := a.Graph.Check(gorgonia.Sum(losses))
	return a.Apply(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Sum(x) }, a.Mul(a.Graph.Reshape(sum, 1), scale))
}

// figure is a mean over the rows.
func figure(name string, n *graph.Node) layers.Figure {
	return layers.Figure{Name: name, Nodes: []*graph.Node{n}}
}

package prefer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
)

// KTO learns from single texts that are good or not (Ethayarajh et al., 2024), against how far the policy has gone from the reference on
// prompts with the completions of others.
type KTO struct {
	Policy Model
	// Reference is the model that the policy is held to, whose parameters are frozen by their owner; nil reads the inputs
	// Reference and MismatchedReference.
	Reference Model
	// LossType is "kto", or "apo_zero_unpaired", which needs no mismatched texts.
	LossType string
	Beta     float64 // > 0; trl's default is 0.1
	// DesirableWeight and UndesirableWeight multiply the losses of either kind, ≥ 0; trl's default is 1. They make up for kinds that are
	// not equally frequent.
	DesirableWeight, UndesirableWeight float64
}

// Params returns the policy's parameters.
func (k KTO) Params() []*graph.Param { return k.Policy.Params() }

// Loss returns the loss of rows of one text with Desirable and the mismatched one. How far the policy has gone is a mean over the
// micro-batch, as in trl, so here micro-batches differ from one large batch.
func (k KTO) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	if !(k.Beta > 0) || k.LossType != "kto" && k.LossType != "apo_zero_unpaired" || !(k.DesirableWeight >= 0) || !(k.UndesirableWeight >= 0) {
		g.Fail(fmt.Errorf("prefer: kto: loss type %q, beta %v and weights %v and %v, expected kto or apo_zero_unpaired, more than 0, and 0 or more",
			k.LossType, k.Beta, k.DesirableWeight, k.UndesirableWeight))
	}
	a := on(g)
	ratio := k.ratio(g, b, IDs, Targets, Reference)
	desirable := b.Node(g, Desirable)
	if g.Err() != nil {
		return layers.Loss{}
	}
	n := ratio.Shape().TotalSize()
	desirable = g.Reshape(desirable, n)
	gone := a.Fill(ratio, 0) // [B], all of them one number
	if k.LossType == "kto" {
		mean := a.Apply(func(x *graph.Node) (*graph.Node, error) { return gorgonia.Mean(x) }, k.ratio(g, b, MismatchedIDs, MismatchedTargets, MismatchedReference))
		spread := g.Linear(a.Fill(g.Reshape(ratio, n, 1), 1), g.Reshape(g.Detach(a.ReLU(mean)), 1, 1), nil, graph.LinearConfig{})
		gone = g.Reshape(spread, n)
	}
	good := a.Plus(a.Times(a.sigmoid(a.Times(a.Sub(ratio, gone), k.Beta)), -1), 1)
	bad := a.Plus(a.Times(a.sigmoid(a.Times(a.Sub(gone, ratio), k.Beta)), -1), 1)
	undesirable := a.Plus(a.Times(desirable, -1), 1)
	losses := a.Add(a.Times(a.Mul(desirable, good), k.DesirableWeight), a.Times(a.Mul(undesirable, bad), k.UndesirableWeight))
	rewards := a.Times(ratio, k.Beta)
	return layers.Loss{Total: a.total(losses, b.Scale), Each: losses, Figures: []layers.Figure{
		{Name: "rewards/chosen", Nodes: []*graph.Node{rewards}, Weights: desirable}, {Name: "rewards/rejected", Nodes: []*graph.Node{rewards}, Weights: undesirable},
		figure("kl", gone),
	}}
}

// ratio returns the log-ratio of policy to reference for texts, [B].
func (k KTO) ratio(g *graph.Graph, b layers.Batch, ids, targets, reference string) *graph.Node {
	in, out := b.Node(g, ids), b.Node(g, targets)
	policy := logProbs(g, k.Policy, in, out)
	if k.Reference != nil {
		return on(g).Sub(policy, logProbs(g.Sub("reference").Still(), k.Reference, in, out))
	}
	known := b.Node(g, reference)
	if g.Err() != nil {
		return policy
	}
	return on(g).Sub(policy, g.Reshape(known, policy.Shape().TotalSize()))
}

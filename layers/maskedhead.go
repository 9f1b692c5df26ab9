package layers

import "github.com/seahorse-ml/seahorse/graph"

// MaskedHeadConfig configures NewMaskedHead.
type MaskedHeadConfig struct {
	Width, Hidden, Vocab int              // D, the width of the table of embeddings and V, > 0
	Activation           graph.Activation // default graph.Identity
	Norm                 NormConfig       // its Width is set to Hidden
	Tied                 *graph.Param     // [V, Hidden], the table of embeddings to score with; nil makes a weight
	Init                 graph.Init       // of the weights; default normal(0, 0.02)
	Names                MaskedHeadNames
}

// MaskedHeadNames are the folders of the parts in the parameter tree.
type MaskedHeadNames struct {
	Dense   string // default "dense"
	Norm    string // default "norm"
	Decoder string // of the weight, unless it is tied; default "decoder"
}

// MaskedHead scores what a hidden token was (Devlin et al., 2019): a projection
// with an activation and a norm, and then, as LanguageHead, the vocabulary.
type MaskedHead struct {
	Dense  *Linear // D to Hidden
	Norm   *Norm
	Output *LanguageHead

	activation graph.Activation
}

// NewMaskedHead makes the parts. The bias of the vocabulary is "bias" in p itself.
func NewMaskedHead(c MaskedHeadConfig, p *graph.Params) *MaskedHead {
	init := c.Init.Or(graph.Normal(0.02))
	c.Norm.Width = c.Hidden
	h := &MaskedHead{
		Dense:      NewLinear(LinearConfig{In: c.Width, Out: c.Hidden, Bias: true, Init: init}, p.Sub(or(c.Names.Dense, "dense"))),
		Norm:       NewNorm(c.Norm, p.Sub(or(c.Names.Norm, "norm"))),
		activation: c.Activation,
	}
	weight, decoder := c.Tied, p.Sub(or(c.Names.Decoder, "decoder"))
	if weight == nil {
		weight = decoder.NewMatrix("weight", init, c.Vocab, c.Hidden)
	}
	h.Output = NewLanguageHead(LanguageHeadConfig{Width: c.Hidden, Vocab: c.Vocab, Tied: weight, Bias: true, Name: decoder.Path()}, p)
	return h
}

// Logits maps x [..., D] to the scores [..., V].
func (h *MaskedHead) Logits(g *graph.Graph, x *graph.Node) *graph.Node {
	return h.Output.Logits(g, h.transform(g, x))
}

// Loss is the cross entropy of the scores; see LanguageHead.Loss.
func (h *MaskedHead) Loss(g *graph.Graph, x, targets *graph.Node, c graph.CrossEntropyConfig) (loss, rowLosses *graph.Node) {
	return h.Output.Loss(g, h.transform(g, x), targets, c)
}

func (h *MaskedHead) transform(g *graph.Graph, x *graph.Node) *graph.Node {
	return h.Norm.Forward(g, g.Activate(h.activation, h.Dense.Forward(g, x)))
}

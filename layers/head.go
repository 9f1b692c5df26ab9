package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// LanguageHeadConfig configures NewLanguageHead.
type LanguageHeadConfig struct {
	Width, Vocab int          // D and V, > 0
	Tied         *graph.Param // [V, D], the table of embeddings to score with; nil makes a weight
	Bias         bool         // adds a bias, which starts at 0; default false
	Name         string       // of the Linear; default that of the folder
	SoftCap      float64      // logits z become c·tanh(z/c); 0 means no cap
	Init         graph.Init   // of the weight; default normal(0, 0.02)
}

// LanguageHead scores the tokens of a vocabulary.
type LanguageHead struct {
	*Linear // D to V; its weight is the tied table, or the head's own

	softCap float64
}

// NewLanguageHead makes the parameters "weight", unless it is tied, and "bias".
func NewLanguageHead(c LanguageHeadConfig, p *graph.Params) *LanguageHead {
	h := &LanguageHead{Linear: &Linear{Name: or(c.Name, p.Path()), Weight: c.Tied}, softCap: c.SoftCap}
	if c.Width <= 0 || c.Vocab <= 0 {
		p.Fail(fmt.Errorf("layers: language head: width %d and vocabulary of %d, expected them to be positive", c.Width, c.Vocab))
		return h
	}
	if c.Tied == nil {
		h.Weight = p.NewMatrix("weight", c.Init.Or(graph.Normal(0.02)), c.Vocab, c.Width)
	}
	if c.Bias {
		h.Bias = p.New("bias", graph.Zeros(), c.Vocab)
	}
	return h
}

// Logits maps x [..., D] to the scores [..., V].
func (h *LanguageHead) Logits(g *graph.Graph, x *graph.Node) *graph.Node {
	z := h.Forward(g, x)
	if h.softCap == 0 {
		return z
	}
	return g.Scale(g.Activate(graph.Tanh, g.Scale(z, 1/h.softCap)), h.softCap)
}

// Plain tells whether scores are a product of states alone, so that they can be divided where states are.
func (h *LanguageHead) Plain() bool { return h.softCap == 0 && h.Bias == nil }

// Loss is the cross entropy of the scores of x [..., D] against targets int32, one
// for each row of x, negative where it is ignored. It returns the loss and each
// row's own. The softcap and the bias of the head are applied; c says the rest.
func (h *LanguageHead) Loss(g *graph.Graph, x, targets *graph.Node, c graph.CrossEntropyConfig) (loss, rowLosses *graph.Node) {
	c.SoftCap = h.softCap
	return h.CrossEntropy(g, x, targets, c)
}

// TokenLosses is the losses of rows that Loss returns as a value to compute with; see graph.TokenLosses.
func (h *LanguageHead) TokenLosses(g *graph.Graph, x, targets *graph.Node) *graph.Node {
	return h.Linear.TokenLosses(g, x, targets, graph.CrossEntropyConfig{SoftCap: h.softCap})
}

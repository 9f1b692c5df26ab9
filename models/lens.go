package models

import "github.com/seahorse-ml/seahorse/graph"

// Lens is a model whose head can look at the states between its blocks, as if they were the last ones: the logit lens (nostalgebraist,
// 2020). All families with a head are.
type Lens interface {
	Model
	// Lens maps states [B, T, D] that a block has read or made to what the model would say if no block came behind it: logits [B, T, V];
	// of classifiers the scores of classes, [B, T, C] for those of tokens and [B, C] for those of texts; the values [B, T, 1] of rewards. An
	// encoder-decoder's states are those of its decoder.
	Lens(g *graph.Graph, states *graph.Node) *graph.Node
}

// Lens maps states between blocks to logits; see the interface Lens.
func (m *Decoder) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Head(g, m.Norm.Forward(g, states))
}

// Lens maps states between blocks to values; see the interface Lens.
func (m *RewardModel) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Score.Forward(g, m.Norm.Forward(g, states))
}

// Lens maps states between the decoder's blocks to logits; see the interface Lens.
func (m *T5) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Head(g, m.Decoder.Norm.Forward(g, states))
}

// Lens maps states between the decoder's blocks to logits; see the interface Lens.
func (m *Transformer) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	if m.DecoderNorm != nil {
		states = m.DecoderNorm.Forward(g, states)
	}
	return m.Head(g, states)
}

// Lens maps states between blocks to logits; see the interface Lens.
func (m *MaskedLM) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Head.Logits(g, states)
}

// Lens maps states between blocks to scores; see the interface Lens.
func (m *TokenClassifier) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Classifier.Scores(g, states)
}

// Lens maps states between blocks to scores; see the interface Lens.
func (m *SequenceClassifier) Lens(g *graph.Graph, states *graph.Node) *graph.Node {
	return m.Classifier.Scores(g, m.state(g, g.First(states)))
}

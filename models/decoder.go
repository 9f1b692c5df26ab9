package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Decoder is a decoder with a head: a language model that predicts each token from those before it. All decoder-only families are
// assembled of these parts.
type Decoder struct {
	Body
	Output *layers.LanguageHead

	scale   float64 // of the states before the head
	experts expertUse
}

// Body is what decoders have beside their heads: tokens are embedded, and go through blocks and a norm. By itself it is a model that
// gives states.
type Body struct {
	Config    Config // of the family
	Tokens    *layers.Embedding
	Positions *layers.LearnedPosition // nil where the blocks know the positions
	Blocks    []*layers.Block
	Norm      *layers.Norm

	parts      decoderParts
	class      string // of transformers
	params     *graph.Params
	generation generationFields // that the model was opened with
}

// headName is the name of a head's weight, which files of tied models may hold too.
const headName = "lm_head.weight"

// newOutput makes the head in a folder of p, or ties it to the table of embeddings; then a
// stored head is no parameter.
func newOutput(c layers.LanguageHeadConfig, tokens *layers.Embedding, tied bool, p *graph.Params, folder string) *layers.LanguageHead {
	p = p.Sub(folder)
	if tied {
		c.Tied = tokens.Weight
		p.Ignore("weight")
	}
	return layers.NewLanguageHead(c, p)
}

// checkTied refuses a stored head that differs from the embeddings it is tied to. A sketch has nothing to compare.
func (o origin) checkTied(name string, output *layers.LanguageHead, tokens *layers.Embedding) error {
	table := tokens.Weight
	if o.sketch || o.source == nil || output.Weight != table {
		return nil
	}
	if _, has := o.source.Shape(name); has && !equalTo(o.source, name, table) {
		return fmt.Errorf("%s says that the head is tied to the embeddings, but %q differs from %q", configName, name, table.Name)
	}
	return nil
}

// Params returns the parameters in the order in which they were made.
func (m *Body) Params() []*graph.Param { return m.params.All() }

// Hidden maps ids [B, T] to the states [B, T, D] after the last norm.
func (m *Body) Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node {
	if s := ids.Shape(); g.Err() == nil && (s.Dims() != 2 || s[1] > m.parts.context) {
		return g.Fail(fmt.Errorf("models: %s: ids of shape %v, expected [B, T] with at most %d tokens, the model's positions", m.parts.family, s, m.parts.context))
	}
	x := m.Tokens.Forward(g, ids)
	if m.Positions != nil {
		x = m.Positions.Forward(g, x, pass)
	}
	x = g.Dropout(x, m.parts.dropout)
	for _, b := range m.Blocks {
		x = b.Forward(g, x, pass)
	}
	return m.Norm.Forward(g, x)
}

// VocabSize returns V.
func (m *Body) VocabSize() int { return m.parts.vocab }

// ContextLength returns the largest T.
func (m *Body) ContextLength() int { return m.parts.context }

// TurnsBeyond returns the length beyond which a text's rotary positions are others, 0 for none.
func (m *Body) TurnsBeyond() int { return m.parts.turnsBeyond }

// Save writes the model's directory.
func (m *Body) Save(dir string) error {
	generation, err := m.generation.over(m.parts.generation)
	if err != nil {
		return err
	}
	return save(dir, stored{m.Config, m.parts.family, m.class, nil}, generation, m.Params())
}

// Head maps hidden states [..., D] to logits [..., V].
func (m *Decoder) Head(g *graph.Graph, hidden *graph.Node) *graph.Node {
	return m.Output.Logits(g, g.Scale(hidden, m.scale))
}

// Logits maps ids [B, T] to logits [B, T, V]; segments may be nil.
func (m *Decoder) Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return m.Head(g, m.Hidden(g, ids, layers.Pass{Segments: segments}))
}

// TokenLosses returns the negative log-probabilities of targets [B, T] behind ids [B, T], as [B·T]: 0 where a target is negative. They can
// be computed with, as losses of preference do.
func (m *Decoder) TokenLosses(g *graph.Graph, ids, targets, segments *graph.Node) *graph.Node {
	x := m.Hidden(g, ids, layers.Pass{Segments: segments})
	return m.Output.TokenLosses(g, g.Scale(x, m.scale), targets)
}

// TemperedLosses is TokenLosses for logits divided by a temperature, > 0, as tokens are drawn by. A head with a bias or a bound of its scores has none but 1.
func (m *Decoder) TemperedLosses(g *graph.Graph, ids, targets, segments *graph.Node, temperature float64) *graph.Node {
	if temperature != 1 && !m.Output.Plain() {
		return g.Fail(fmt.Errorf("models: %s: a temperature of %g, expected 1 of a model whose head has a bias or bounds its scores", m.parts.family, temperature))
	}
	x := m.Hidden(g, ids, layers.Pass{Segments: segments})
	return m.Output.TokenLosses(g, g.Scale(x, m.scale/temperature), targets)
}

// Loss returns the cross entropy of a batch of tokens. With mixtures of experts
// the balance of their choices is a figure, and added to the total, not to the losses of
// tokens, if the configuration says so.
func (m *Decoder) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	var scores []*graph.Node
	pass := layers.Pass{Segments: b.In[layers.Segments], Routed: func(s *graph.Node) { scores = append(scores, s) }}
	x := m.Hidden(g, b.Node(g, layers.IDs), pass)
	total, each := m.Output.Loss(g, g.Scale(x, m.scale), b.Node(g, layers.Targets), b.CrossEntropy())
	loss := layers.TokenLoss(g, total, each)
	loss.Weights = b.In[layers.Weights]
	if len(scores) > 0 {
		m.experts.addBalance(g, &loss, scores, b)
	}
	return loss
}

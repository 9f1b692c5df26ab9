package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Decoder is what the decoder-only families have in common: tokens are
// embedded, go through blocks and a norm, and are scored.
type Decoder struct {
	Tokens    *layers.Embedding
	Positions *layers.LearnedPosition // nil where the blocks know the positions
	Blocks    []*layers.Block
	Norm      *layers.Norm
	Output    *layers.LanguageHead

	family  string
	vocab   int
	context int     // the largest T
	dropout float64 // of the embedded tokens
	experts expertUse
	params  *graph.Params
}

// headName is the name of a head's weight, which files of tied models may hold too.
const headName = "lm_head.weight"

// newOutput makes the head in p, or ties it to the table of embeddings; then a
// stored head is no parameter.
func newOutput(c layers.LanguageHeadConfig, tokens *layers.Embedding, tied bool, p *graph.Params) *layers.LanguageHead {
	if tied {
		c.Tied = tokens.Weight
		p.Ignore(headName)
	}
	return layers.NewLanguageHead(c, p.Sub("lm_head"))
}

// checkTied refuses a stored head that differs from the embeddings it is tied to. A sketch has nothing to compare.
func (o origin) checkTied(name string, output *layers.LanguageHead, tokens *layers.Embedding) error {
	table := tokens.Weight
	if o.sketch || output.Weight != table {
		return nil
	}
	if _, has := o.source.Shape(name); has && !equalTo(o.source, name, table) {
		return fmt.Errorf("%s says that the head is tied to the embeddings, but %q differs from %q", configName, name, table.Name)
	}
	return nil
}

// Params returns the parameters in the order in which they were made.
func (m *Decoder) Params() []*graph.Param { return m.params.All() }

// Hidden maps ids [B, T] to the states [B, T, D] after the last norm.
func (m *Decoder) Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node {
	if s := ids.Shape(); g.Err() == nil && (s.Dims() != 2 || s[1] > m.context) {
		return g.Fail(fmt.Errorf("models: %s: ids of shape %v, expected [B, T] with at most %d tokens, the model's positions", m.family, s, m.context))
	}
	x := m.Tokens.Forward(g, ids)
	if m.Positions != nil {
		x = m.Positions.Forward(g, x, pass)
	}
	x = g.Dropout(x, m.dropout)
	for _, b := range m.Blocks {
		x = b.Forward(g, x, pass)
	}
	return m.Norm.Forward(g, x)
}

// Head maps hidden states [..., D] to logits [..., V].
func (m *Decoder) Head(g *graph.Graph, hidden *graph.Node) *graph.Node {
	return m.Output.Logits(g, hidden)
}

// Logits maps ids [B, T] to logits [B, T, V]; segments may be nil.
func (m *Decoder) Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return m.Head(g, m.Hidden(g, ids, layers.Pass{Segments: segments}))
}

// Loss returns the cross entropy of a batch of tokens. With mixtures of experts
// the balance of their choices is a figure, and added to the total, not to the losses of
// tokens, if the configuration says so.
func (m *Decoder) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	var scores []*graph.Node
	pass := layers.Pass{Segments: b.In[layers.Segments], Routed: func(s *graph.Node) { scores = append(scores, s) }}
	x := m.Hidden(g, b.Node(g, layers.IDs), pass)
	total, each := m.Output.Loss(g, x, b.Node(g, layers.Targets), b.CrossEntropy())
	loss := layers.TokenLoss(g, total, each)
	if len(scores) > 0 {
		m.experts.addBalance(g, &loss, scores, b)
	}
	return loss
}

// VocabSize returns V.
func (m *Decoder) VocabSize() int { return m.vocab }

// ContextLength returns the largest T.
func (m *Decoder) ContextLength() int { return m.context }

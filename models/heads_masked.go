package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// MaskedLM finds tokens that were hidden from it by those on both sides (Devlin et
// al., 2019).
type MaskedLM struct {
	Encoder
	Head *layers.MaskedHead
}

// NewMaskedLM makes an encoder with a head for masked tokens in the tree p. It returns
// what is wrong with the configuration or the tree.
func NewMaskedLM(c EncoderConfig, p *graph.Params) (*MaskedLM, error) {
	return newMaskedLM(c, trees{p, p})
}

func newMaskedLM(c EncoderConfig, t trees) (*MaskedLM, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &MaskedLM{Encoder: *t.encoderIn(c, TaskMasked)}
	f := m.family()
	t.withoutPooler(f)
	head := layers.MaskedHeadConfig{
		Width: c.HiddenSize, Hidden: c.embeddingSize(), Vocab: c.VocabSize, Activation: c.activation(),
		Norm: c.norm(0), Init: graph.Normal(c.InitRange), Names: f.maskedNames,
	}
	if f.ownPooler {
		head.Activation = graph.GELU // whatever the blocks have
	}
	p := t.head.Sub(f.masked)
	if c.TieEmbeddings {
		head.Tied = m.Tokens.Weight
		p.Ignore("decoder.weight")
	}
	m.Head = layers.NewMaskedHead(head, p)
	// The second classifier of pre-training, whether texts belong together, is left out.
	for _, name := range []string{"cls.seq_relationship", "sop_classifier.classifier"} {
		t.head.Sub(name).Ignore("weight")
		t.head.Sub(name).Ignore("bias")
	}
	if !c.TieEmbeddings {
		m.aliases = map[string]*graph.Param{f.masked + ".decoder.bias": m.Head.Output.Bias}
	}
	return m, t.finish(&m.Encoder)
}

// Logits maps ids [B, T] to logits [B, T, V]; see Hidden.
func (m *MaskedLM) Logits(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node {
	return m.Head.Logits(g, m.Hidden(g, ids, types, segments))
}

// Loss returns the cross entropy of a batch whose targets are what the hidden tokens
// were, negative elsewhere.
func (m *MaskedLM) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	total, each := m.Head.Loss(g, m.hidden(g, b), b.Node(g, layers.Targets), b.CrossEntropy())
	loss := layers.TokenLoss(g, total, each)
	loss.Weights = b.In[layers.Weights]
	return loss
}

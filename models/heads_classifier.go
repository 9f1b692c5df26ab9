package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// TokenClassifier tells a class for each token.
type TokenClassifier struct {
	Encoder
	Classifier *layers.Classifier
}

func newTokenClassifier(c EncoderConfig, t trees) (*TokenClassifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &TokenClassifier{Encoder: *t.encoderIn(c, TaskToken)}
	t.withoutPooler(m.family())
	m.Classifier = layers.NewClassifier(c.classifier(), t.head.Sub("classifier"))
	return m, t.finish(&m.Encoder)
}

func (c EncoderConfig) classifier() layers.ClassifierConfig {
	return layers.ClassifierConfig{Width: c.HiddenSize, Classes: c.Classes(), Dropout: c.headDropout(), Init: graph.Normal(c.InitRange)}
}

// Scores maps ids [B, T] to the scores of the classes [B, T, C]; see Hidden.
func (m *TokenClassifier) Scores(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node {
	return m.Classifier.Scores(g, m.Hidden(g, ids, types, segments))
}

// Loss returns the cross entropy of a batch whose targets are classes, negative where
// there is none to learn.
func (m *TokenClassifier) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	x := m.hidden(g, b)
	total, each := m.Classifier.Loss(g, x, b.Node(g, layers.Targets), b.CrossEntropy())
	loss := layers.ClassLoss(g, total, each)
	loss.Unit, loss.Weights = layers.PerToken, b.In[layers.Weights]
	return loss
}

// SequenceClassifier tells a class, or values as a regression, for each sequence by
// the state of its first token.
type SequenceClassifier struct {
	Encoder
	Classifier *layers.Classifier
}

// NewSequenceClassifier makes an encoder with a classifier of sequences in the tree p.
// It returns what is wrong with the configuration or the tree.
func NewSequenceClassifier(c EncoderConfig, p *graph.Params) (*SequenceClassifier, error) {
	return newSequenceClassifier(c, trees{p, p})
}

func newSequenceClassifier(c EncoderConfig, t trees) (*SequenceClassifier, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &SequenceClassifier{Encoder: *t.encoderIn(c, TaskSequence)}
	f := m.family()
	p := t.head.Sub("classifier")
	if f.ownPooler {
		t.withoutPooler(f)
		m.Pooler = layers.NewLinear(layers.LinearConfig{
			In: c.HiddenSize, Out: c.HiddenSize, Bias: true, Init: graph.Normal(c.InitRange),
		}, p.Sub("dense"))
		p = p.Sub("out_proj")
	} else {
		m.Pooler = m.newPooler(t.poolerIn(f))
	}
	m.Classifier = layers.NewClassifier(c.classifier(), p)
	return m, t.finish(&m.Encoder)
}

// Scores maps ids [B, T], one document a row, to the scores or values [B, C]; see Hidden.
func (m *SequenceClassifier) Scores(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node {
	return m.Classifier.Scores(g, m.state(g, g.First(m.Hidden(g, ids, types, segments))))
}

// state maps the states [..., D] of tokens to what is classified.
func (m *SequenceClassifier) state(g *graph.Graph, x *graph.Node) *graph.Node {
	if m.family().ownPooler {
		x = g.Dropout(x, m.Config.headDropout())
	}
	return m.pool(g, x)
}

// Loss returns the cross entropy of a batch whose targets are the classes of the
// sequences, each at the first token and negative at the others. A regression's is the mean squared distance from the values at
// those positions; there a target only tells, by not being negative, that the sequence counts.
func (m *SequenceClassifier) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	// The other tokens go along, so that rows and targets are the same as in every other
	// model; they cost one product of D×D a token and have no gradient.
	x, targets := m.state(g, m.hidden(g, b)), b.Node(g, layers.Targets)
	if !m.Config.Regression() {
		total, each := m.Classifier.Loss(g, x, targets, b.CrossEntropy())
		loss := layers.ClassLoss(g, total, each)
		loss.Weights = b.In[layers.Weights]
		return loss
	}
	if b.In[layers.Values] == nil {
		g.Fail(fmt.Errorf("models: %s: a regression needs values, and the batch has none", m.Config.ModelType))
	}
	predicted, values := m.Classifier.Scores(g, x), b.Node(g, layers.Values)
	total, each := g.SquaredError(predicted, values, b.SquaredError(targets))
	loss := layers.ValueLoss(total, each, predicted, values)
	loss.Weights = b.In[layers.Weights]
	return loss
}

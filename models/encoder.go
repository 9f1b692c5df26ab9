package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// Encoder is what BERT, RoBERTa and ALBERT have in common: tokens are embedded and
// go through blocks in post-norm order in which each sees all others, on both sides.
// By itself it is a model that gives states and embeddings; a head on it solves a task.
type Encoder struct {
	Config     EncoderConfig
	Tokens     *layers.Embedding
	Types      *layers.Embedding // which text of a pair a token is of
	Positions  *layers.LearnedPosition
	Norm       *layers.Norm   // of the embeddings
	Projection *layers.Linear // from the embeddings to D; nil where they are D wide
	Blocks     []*layers.Block
	Pooler     *layers.Linear // D to D, for the first token; nil for none

	task    Task
	params  []*graph.Param
	aliases map[string]*graph.Param // stored under a second name too, which readers expect
}

// NewEncoder makes an encoder without a head in the tree p, whose parameters get
// Hugging Face's names. It returns what is wrong with the configuration or the tree.
func NewEncoder(c EncoderConfig, p *graph.Params) (*Encoder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e := newEncoder(c, TaskEncoding, p)
	if !p.Loading() || p.Has(e.family().pooler+".weight") {
		e.Pooler = e.newPooler(p)
	}
	return e, e.finish(p)
}

// newEncoder makes all but the pooler in the folder p.
func newEncoder(c EncoderConfig, task Task, p *graph.Params) *Encoder {
	e := &Encoder{Config: c, task: task}
	f := e.family()
	std := graph.Normal(c.InitRange)
	width := c.embeddingSize()
	embeddings := p.Sub("embeddings")
	embeddings.Ignore("position_ids") // which old files carry
	embeddings.Ignore("token_type_ids")
	e.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: width, Init: std, Padding: c.PadTokenID}, embeddings.Sub("word_embeddings"))
	e.Types = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.TypeVocabSize, Width: width, Init: std}, embeddings.Sub("token_type_embeddings"))
	e.Positions = layers.NewLearnedPosition(layers.LearnedPositionConfig{
		Length: c.MaxPositions, Width: width, Offset: c.positionOffset(), Init: std,
	}, embeddings.Sub("position_embeddings"))
	e.Norm = layers.NewNorm(c.norm(width), embeddings.Sub("LayerNorm"))
	if f.shared {
		e.Projection = layers.NewLinear(layers.LinearConfig{In: width, Out: c.HiddenSize, Bias: true, Init: std}, p.Sub("encoder.embedding_hidden_mapping_in"))
		e.Blocks = c.albertBlocks(p.Sub("encoder.albert_layer_groups"))
	} else {
		e.Blocks = c.bertBlocks(p.Sub("encoder.layer"))
	}
	return e
}

func (e *Encoder) newPooler(p *graph.Params) *layers.Linear {
	c := layers.LinearConfig{In: e.Config.HiddenSize, Out: e.Config.HiddenSize, Bias: true, Init: graph.Normal(e.Config.InitRange)}
	return layers.NewLinear(c, p.Sub(e.family().pooler))
}

// finish takes the parameters from the trees that the model was made in, and returns
// what is wrong with them.
func (e *Encoder) finish(trees ...*graph.Params) error {
	for _, p := range trees {
		if err := p.Err(); err != nil {
			return err
		}
		e.params = append(e.params, p.All()...)
	}
	return nil
}

func (e *Encoder) family() encoderFamily { return e.Config.names() }

func (c EncoderConfig) norm(width int) layers.NormConfig {
	return layers.NormConfig{Kind: layers.LayerNorm, Width: width, Eps: c.LayerNormEps, Bias: true}
}

// Params returns the parameters in the order in which they were made.
func (e *Encoder) Params() []*graph.Param { return e.params }

// VocabSize returns V.
func (e *Encoder) VocabSize() int { return e.Config.VocabSize }

// ContextLength returns the largest T.
func (e *Encoder) ContextLength() int { return e.Config.MaxPositions - e.Config.positionOffset() }

// Hidden maps ids [B, T] int32 to the states [B, T, D] after the last block. Types
// [B, T] int32 tell which text of a pair a token is of, segments [B, T] int32 number the
// documents of a row, -1 is padding. Nil means 0 for all.
func (e *Encoder) Hidden(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node {
	s := ids.Shape()
	if g.Err() == nil && (s.Dims() != 2 || s[1] > e.ContextLength()) {
		return g.Fail(fmt.Errorf("models: %s: ids of shape %v, expected [B, T] with at most %d tokens, the model's positions", e.Config.ModelType, s, e.ContextLength()))
	}
	if types == nil {
		name := fmt.Sprintf("token types of %v", s)
		types = g.Shared(name, func() *graph.Node { return g.Input(name, tensor.Int32, s...) })
	}
	pass := layers.Pass{Segments: segments}
	x := g.Add(e.Tokens.Forward(g, ids), e.Types.Forward(g, types))
	x = e.Norm.Forward(g, e.Positions.Forward(g, x, pass))
	x = g.Dropout(x, e.Config.HiddenDropout)
	if e.Projection != nil {
		x = e.Projection.Forward(g, x)
	}
	for _, b := range e.Blocks {
		x = b.Forward(g, x, pass)
	}
	return x
}

// hidden is Hidden of a batch.
func (e *Encoder) hidden(g *graph.Graph, b layers.Batch) *graph.Node {
	return e.Hidden(g, b.Node(g, layers.IDs), b.In[layers.Types], b.In[layers.Segments])
}

// Embed maps ids [B, T] to embeddings [B, D] of the sequences, each of one document;
// see Hidden.
func (e *Encoder) Embed(g *graph.Graph, ids, types, segments *graph.Node, c layers.PoolConfig) *graph.Node {
	return layers.Pool(g, e.Hidden(g, ids, types, segments), segments, c)
}

// Pooled maps ids [B, T] to tanh(W·x + b) of the first token's state, [B, D], which
// BERT and ALBERT were trained to tell about the whole sequence.
func (e *Encoder) Pooled(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node {
	if e.Pooler == nil {
		return g.Fail(fmt.Errorf("models: %s: the model has no pooler", e.Config.ModelType))
	}
	return e.pool(g, g.First(e.Hidden(g, ids, types, segments)))
}

// pool maps states [..., D] to the same shape.
func (e *Encoder) pool(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Activate(graph.Tanh, e.Pooler.Forward(g, x))
}

// Save writes the model's directory.
func (e *Encoder) Save(dir string) error {
	tensors := storedTensors(e.params)
	for name, p := range e.aliases {
		tensors = append(tensors, storedTensor(name, p))
	}
	return saveTensors(dir, stored{e.Config, e.Config.ModelType, e.family().class + e.task.suffix(), nil}, nil, tensors)
}

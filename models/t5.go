package models

import (
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// T5 is the encoder and decoder of "Exploring the Limits of Transfer Learning with a
// Unified Text-to-Text Transformer" (Raffel et al., 2020): RMS norms before each part, no
// biases but those of relative positions on the scores, which all layers share.
type T5 struct {
	Config  T5Config
	Tokens  *layers.Embedding // shared by both sides
	Encoder *T5Stack
	Decoder *T5Stack
	Output  *layers.LanguageHead

	params     *graph.Params
	generation generationFields // that the model was opened with
}

// T5Encoder is the encoder of a T5 by itself, a model that gives states.
type T5Encoder struct {
	Config  T5Config
	Tokens  *layers.Embedding
	Encoder *T5Stack

	params *graph.Params
}

// T5Stack is one side of a T5.
type T5Stack struct {
	Blocks    []*layers.Block
	Positions *layers.RelativeBias
	Norm      *layers.Norm

	dropout float64
}

// maxContext stands for models that have no largest length.
const maxContext = 1 << 20

// NewT5 makes a T5 in the tree p, whose parameters get Hugging Face's names. It
// returns what is wrong with the configuration or the tree.
func NewT5(c T5Config, p *graph.Params) (*T5, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &T5{Config: c, params: p}
	m.Tokens = newT5Tokens(c, p)
	m.Encoder = newT5Stack(c, c.NumLayers, false, p.Sub("encoder"))
	m.Decoder = newT5Stack(c, c.decoderLayers(), true, p.Sub("decoder"))
	output := layers.LanguageHeadConfig{Width: c.Width, Vocab: c.VocabSize, Init: graph.Normal(c.InitFactor)}
	m.Output = newOutput(output, m.Tokens, c.TieEmbeddings, p, "lm_head")
	return m, p.Err()
}

func newT5Tokens(c T5Config, p *graph.Params) *layers.Embedding {
	return layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.Width, Init: graph.Normal(c.InitFactor)}, p.Sub("shared"))
}

// NewT5Encoder makes the encoder of a T5 in the tree p; see NewT5.
func NewT5Encoder(c T5Config, p *graph.Params) (*T5Encoder, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &T5Encoder{Config: c, params: p, Tokens: newT5Tokens(c, p), Encoder: newT5Stack(c, c.NumLayers, false, p.Sub("encoder"))}
	return m, p.Err()
}

func newT5Stack(c T5Config, n int, decodes bool, p *graph.Params) *T5Stack {
	s := &T5Stack{dropout: c.Dropout}
	p.Ignore("embed_tokens.weight") // a copy of the shared table, which some files carry
	for i := range n {
		folder := p.Sub("block").Sub(fmt.Sprint(i)).Sub("layer")
		s.Blocks = append(s.Blocks, layers.NewBlock(c.block(decodes), folder))
		if i == 0 {
			s.Positions = layers.NewRelativeBias(layers.RelativeBiasConfig{
				Heads: c.NumHeads, Buckets: c.Buckets, MaxDistance: c.MaxDistance, Bidirectional: !decodes,
				Init: graph.Normal(c.InitFactor / math.Sqrt(float64(c.Width))),
			}, folder.Sub("0.SelfAttention.relative_attention_bias"))
		}
	}
	s.Norm = layers.NewNorm(c.norm(), p.Sub("final_layer_norm"))
	return s
}

func (c T5Config) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.RMSNorm, Width: c.Width, Eps: c.LayerNormEps}
}

func (c T5Config) block(decodes bool) layers.BlockConfig {
	kind, gated, _ := c.activation()
	// Scores aren't divided by √K; the queries' weights start smaller instead.
	std := func(in int) graph.Init { return graph.Normal(c.InitFactor / math.Sqrt(float64(in))) }
	attention := layers.AttentionConfig{
		Width: c.Width, Heads: c.NumHeads, HeadSize: c.HeadSize, Causal: decodes, Scale: 1, Dropout: c.Dropout,
		Init: std(c.Width), QueryInit: std(c.Width * c.HeadSize), OutInit: std(c.NumHeads * c.HeadSize),
		Names: layers.AttentionNames{Query: "q", Key: "k", Value: "v", Out: "o"},
	}
	feedForward := layers.FeedForwardConfig{
		Width: c.Width, Hidden: c.Hidden, Activation: kind, Gated: gated, Dropout: c.Dropout,
		Init: std(c.Width), OutInit: std(c.Hidden),
		Names: layers.FeedForwardNames{Gate: "wi_0", Up: "wi", Down: "wo"},
	}
	if gated {
		feedForward.Names.Up = "wi_1"
	}
	b := layers.BlockConfig{
		Attention: attention, FeedForward: feedForward, Norm: c.norm(), Dropout: c.Dropout,
		Names: layers.BlockNames{
			Attention: "0.SelfAttention", AttentionNorm: "0.layer_norm",
			FeedForward: "1.DenseReluDense", FeedForwardNorm: "1.layer_norm",
		},
	}
	if decodes {
		cross := attention
		cross.Causal = false
		b.Cross = &cross
		b.Names.Cross, b.Names.CrossNorm = "1.EncDecAttention", "1.layer_norm"
		b.Names.FeedForward, b.Names.FeedForwardNorm = "2.DenseReluDense", "2.layer_norm"
	}
	return b
}

// forward maps embedded tokens x [B, T, D] to states of the same shape.
func (s *T5Stack) forward(g *graph.Graph, x *graph.Node, pass layers.Pass) *graph.Node {
	_, tokens, _ := g.Dims3(x)
	if g.Err() != nil {
		return x
	}
	pass.Bias = s.Positions.Forward(g, tokens, pass)
	x = g.Dropout(x, s.dropout)
	for _, b := range s.Blocks {
		x = b.Forward(g, x, pass)
	}
	return g.Dropout(s.Norm.Forward(g, x), s.dropout)
}

func (c T5Config) build(o origin) (Model, error) {
	const shared, copied = "shared.weight", "encoder.embed_tokens.weight"
	if !o.has(shared) && o.has(copied) { // the table by the name that an encoder by itself has for it
		o = o.rename(func(stored string) string {
			if stored == copied {
				return shared
			}
			return stored
		})
	}
	alone := o.source != nil && !o.holds("decoder")
	if len(c.Architectures) > 0 && !o.holds("decoder") {
		alone = slices.Contains(c.Architectures, t5EncoderClass)
	}
	if alone {
		return made(NewT5Encoder(c, o.tree()))
	}
	if !c.TieEmbeddings && o.source != nil && !o.has(headName) { // transformers ties in any case; the flag only says how states are scaled
		scales := c.scales()
		c.TieEmbeddings, c.ScaleOutputs = true, &scales
	}
	m, err := NewT5(c, o.tree())
	if err != nil {
		return nil, err
	}
	return m, o.checkTied(headName, m.Output, m.Tokens)
}

// Classes of transformers.
const (
	t5Class        = "T5ForConditionalGeneration"
	t5EncoderClass = "T5EncoderModel"
)

// Params returns the parameters in the order in which they were made.
func (m *T5Encoder) Params() []*graph.Param { return m.params.All() }

// Encode maps ids [B, S] to the states [B, S, D] after the last norm. Segments [B, S] int32 number the texts of a row, -1 is padding;
// nil means 0 for all.
func (m *T5Encoder) Encode(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return m.Encoder.forward(g, m.Tokens.Forward(g, ids), layers.Pass{Segments: segments})
}

// VocabSize returns V.
func (m *T5Encoder) VocabSize() int { return m.Config.VocabSize }

// ContextLength returns a number that no text reaches: relative positions have no end.
func (m *T5Encoder) ContextLength() int { return maxContext }

// Save writes the model's directory.
func (m *T5Encoder) Save(dir string) error {
	return save(dir, stored{m.Config, "t5", t5EncoderClass, nil}, nil, m.Params())
}

// Params returns the parameters in the order in which they were made.
func (m *T5) Params() []*graph.Param { return m.params.All() }

// Encode maps source ids [B, S] to states [B, S, D].
func (m *T5) Encode(g *graph.Graph, source, segments *graph.Node) *graph.Node {
	return m.Encoder.forward(g, m.Tokens.Forward(g, source), layers.Pass{Segments: segments})
}

// Hidden maps the decoder's ids [B, T] to the states [B, T, D] that Head scores.
func (m *T5) Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node {
	return m.Decoder.forward(g, m.Tokens.Forward(g, ids), pass)
}

// outputScale is what the decoder's states are multiplied by before the head.
func (m *T5) outputScale() float64 {
	if m.Config.scales() {
		return 1 / math.Sqrt(float64(m.Config.Width))
	}
	return 1
}

// Head maps hidden states [..., D] to logits [..., V].
func (m *T5) Head(g *graph.Graph, hidden *graph.Node) *graph.Node {
	return m.Output.Logits(g, g.Scale(hidden, m.outputScale()))
}

// Loss returns the cross entropy of a batch of tokens with sources.
func (m *T5) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	return pairLoss(g, m, m.Output, m.outputScale(), b)
}

// VocabSize returns V.
func (m *T5) VocabSize() int { return m.Config.VocabSize }

// ContextLength returns a number that no text reaches: relative positions have no end.
func (m *T5) ContextLength() int { return maxContext }

// StartToken returns the id that the decoder's texts begin with.
func (m *T5) StartToken() int32 { return int32(m.Config.start()) }

// Save writes the model's directory.
func (m *T5) Save(dir string) error {
	c := m.Config
	start := c.start()
	c.StartTokenID = &start
	generation, err := m.generation.over(generationConfig{EosTokenID: c.EosTokenID, PadTokenID: &c.PadTokenID, StartTokenID: &start})
	if err != nil {
		return err
	}
	return save(dir, stored{c, "t5", t5Class, nil}, generation, m.Params())
}

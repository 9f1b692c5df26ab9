package models

import (
	"fmt"
	"math"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// GPT2 is the decoder of "Language Models are Unsupervised Multitask Learners"
// (Radford et al., 2019): learned positions, blocks in pre-norm order, and a head
// that usually is the table of embeddings.
type GPT2 struct {
	Config    GPT2Config
	Tokens    *layers.Embedding
	Positions *layers.LearnedPosition
	Blocks    []*layers.Block
	Norm      *layers.Norm
	Unembed   *layers.Linear // nil where the head is the table of embeddings

	params *graph.Params
}

// NewGPT2 makes a GPT-2 in the tree p, whose parameters get Hugging Face's
// names. It returns what is wrong with the configuration or the tree.
func NewGPT2(c GPT2Config, p *graph.Params) (*GPT2, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &GPT2{Config: c, params: p}
	std := graph.Normal(c.InitRange)
	body := p.Sub("transformer")
	m.Tokens = layers.NewEmbedding(layers.EmbeddingConfig{Vocab: c.VocabSize, Width: c.NEmbd, Init: std}, body.Sub("wte"))
	m.Positions = layers.NewLearnedPosition(layers.LearnedPositionConfig{Length: c.NPositions, Width: c.NEmbd, Init: std}, body.Sub("wpe"))
	for i := range c.NLayer {
		folder := body.Sub("h").Sub(fmt.Sprint(i))
		folder.Ignore("attn.bias") // masks, which old files carry
		folder.Ignore("attn.masked_bias")
		m.Blocks = append(m.Blocks, layers.NewBlock(c.block(i), folder))
	}
	m.Norm = layers.NewNorm(c.norm(), body.Sub("ln_f"))
	if !c.TieEmbeddings {
		m.Unembed = layers.NewLinear(layers.LinearConfig{In: c.NEmbd, Out: c.VocabSize, Init: std}, p.Sub("lm_head"))
	}
	return m, p.Err()
}

func (c GPT2Config) norm() layers.NormConfig {
	return layers.NormConfig{Kind: layers.LayerNorm, Width: c.NEmbd, Eps: c.LayerNormEps, Bias: true}
}

func (c GPT2Config) block(layer int) layers.BlockConfig {
	std := graph.Normal(c.InitRange)
	// Two parts a layer add to the residual stream; their last projections start smaller.
	out := graph.Normal(c.InitRange / math.Sqrt(2*float64(c.NLayer)))
	kind, _ := activation(c.Activation)
	scale := 1.0
	if c.ScaleAttn {
		scale = 1 / math.Sqrt(float64(c.NEmbd/c.NHead))
	}
	if c.ScaleAttnLayer {
		scale /= float64(layer + 1)
	}
	return layers.BlockConfig{
		Attention: layers.AttentionConfig{
			Width: c.NEmbd, Heads: c.NHead, Packed: true, Bias: true, OutBias: true, InOut: true, Causal: true,
			Scale: scale, Dropout: c.AttnDropout, Init: std, OutInit: out,
			Names: layers.AttentionNames{Packed: "c_attn", Out: "c_proj"},
		},
		FeedForward: layers.FeedForwardConfig{
			Width: c.NEmbd, Hidden: c.inner(), Activation: kind, Bias: true, InOut: true, Init: std, OutInit: out,
			Names: layers.FeedForwardNames{Up: "c_fc", Down: "c_proj"},
		},
		Norm:    c.norm(),
		Dropout: c.ResidDropout,
		Names:   layers.BlockNames{Attention: "attn", AttentionNorm: "ln_1", FeedForward: "mlp", FeedForwardNorm: "ln_2"},
	}
}

// loadGPT2 reads a GPT-2 from Hugging Face's files, among them old ones, whose
// names lack the prefix "transformer." and which carry the head beside the equal
// table of embeddings.
func loadGPT2(config []byte, dt tensor.Dtype, source graph.Source) (CausalLM, error) {
	c, err := parseGPT2Config(config)
	if err != nil {
		return nil, err
	}
	const prefix, head = "transformer.", "lm_head.weight"
	source = rename(source, func(stored string) string {
		if strings.HasPrefix(stored, prefix) || stored == head {
			return stored
		}
		return prefix + stored
	})
	p := graph.LoadParams(dt, source)
	if c.TieEmbeddings {
		p.Ignore(head)
	}
	m, err := NewGPT2(c, p)
	if err != nil {
		return nil, err
	}
	if c.TieEmbeddings && p.Has(head) && !equalTo(source, head, m.Tokens.Weight) {
		return nil, fmt.Errorf("%s says that the head is tied to the embeddings, but %q differs from %q", configName, head, m.Tokens.Weight.Name)
	}
	return m, nil
}

// Params returns the parameters in the order in which they were made.
func (m *GPT2) Params() []*graph.Param { return m.params.All() }

// Hidden maps ids [B, T] to the states [B, T, D] after the last norm.
func (m *GPT2) Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node {
	if s := ids.Shape(); g.Err() == nil && (s.Dims() != 2 || s[1] > m.Config.NPositions) {
		return g.Fail(fmt.Errorf("models: gpt2: ids of shape %v, expected [B, T] with at most %d tokens, the model's positions", s, m.Config.NPositions))
	}
	x := m.Positions.Forward(g, m.Tokens.Forward(g, ids), pass)
	x = g.Dropout(x, m.Config.EmbdDropout)
	for _, b := range m.Blocks {
		x = b.Forward(g, x, pass)
	}
	return m.Norm.Forward(g, x)
}

// head returns the weight [V, D] that scores hidden states.
func (m *GPT2) head() *graph.Param {
	if m.Unembed != nil {
		return m.Unembed.Weight
	}
	return m.Tokens.Weight
}

// Head maps hidden states [..., D] to logits [..., V].
func (m *GPT2) Head(g *graph.Graph, hidden *graph.Node) *graph.Node {
	return g.Linear(hidden, g.Param(m.head()), nil, graph.LinearConfig{})
}

// Logits maps ids [B, T] to logits [B, T, V]; segments may be nil.
func (m *GPT2) Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return m.Head(g, m.Hidden(g, ids, layers.Pass{Segments: segments}))
}

// Loss returns the cross entropy of a batch and the loss of each position [B·T].
func (m *GPT2) Loss(g *graph.Graph, b Batch) (loss, rowLosses *graph.Node) {
	x := m.Hidden(g, b.IDs, layers.Pass{Segments: b.Segments})
	return g.LinearCrossEntropy(x, g.Param(m.head()), nil, b.Targets, graph.CrossEntropyConfig{Scale: b.Scale})
}

// VocabSize returns V.
func (m *GPT2) VocabSize() int { return m.Config.VocabSize }

// ContextLength returns the number of positions.
func (m *GPT2) ContextLength() int { return m.Config.NPositions }

// Save writes the model's directory.
func (m *GPT2) Save(dir string) error {
	c := m.Config
	c.ModelType, c.Architectures, c.DType = "gpt2", []string{"GPT2LMHeadModel"}, elementType(m.Tokens.Weight)
	return save(dir, c, generationConfig{BosTokenID: c.BosTokenID, EosTokenID: c.EosTokenID}, m.Params())
}

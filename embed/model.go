package embed

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
)

// Config says what is made of a body's states.
type Config struct {
	Pooling   layers.Pooling // default the mean
	Normalize bool           // vectors have the length 1; default false
	// MaxLength is the most tokens of a text, special ones included; 0 means the body's context.
	MaxLength int
	// Prompts are what stands before texts of a kind, such as "query" and "document".
	Prompts map[string]string
	// DefaultPrompt names the prompt of texts of which nobody says what they are; "" for none.
	DefaultPrompt string
}

// Model makes vectors of texts.
type Model struct {
	Body   models.Model // an encoder, a decoder, or a Static
	Config Config
}

// encoder and decoder are what bodies have that give states.
type (
	encoder interface {
		Hidden(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node
	}
	decoder interface {
		Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	}
)

// New puts a pooling on a body.
func New(body models.Model, c Config) (*Model, error) {
	m := &Model{Body: body, Config: c}
	_, isSeq2Seq := body.(models.Seq2Seq)
	switch body.(type) {
	case encoder:
	case decoder:
		if isSeq2Seq {
			return nil, fmt.Errorf("embed: a body of %T, expected an encoder, a decoder or a table of vectors", body)
		}
	case *Static:
		if c.Pooling != layers.PoolMean {
			return nil, fmt.Errorf("embed: pooling %d of a table of vectors, expected the mean", c.Pooling)
		}
	default:
		return nil, fmt.Errorf("embed: a body of %T, expected an encoder, a decoder or a table of vectors", body)
	}
	if c.MaxLength < 0 || c.MaxLength > body.ContextLength() {
		return nil, fmt.Errorf("embed: texts of %d tokens, expected at most %d, the context", c.MaxLength, body.ContextLength())
	}
	if _, known := c.Prompts[c.DefaultPrompt]; c.DefaultPrompt != "" && !known {
		return nil, fmt.Errorf("embed: the default prompt %q is none of the prompts", c.DefaultPrompt)
	}
	return m, nil
}

// Params returns the body's parameters.
func (m *Model) Params() []*graph.Param { return m.Body.Params() }

// VocabSize returns V.
func (m *Model) VocabSize() int { return m.Body.VocabSize() }

// ContextLength returns the most tokens of a text.
func (m *Model) ContextLength() int {
	if m.Config.MaxLength > 0 {
		return m.Config.MaxLength
	}
	return m.Body.ContextLength()
}

// States maps ids [B, T] int32 to states [B, T, D]; segments [B, T] int32 are 0 for the tokens of each text and -1 for padding.
func (m *Model) States(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	switch body := m.Body.(type) {
	case encoder:
		return body.Hidden(g, ids, nil, segments)
	case decoder:
		return body.Hidden(g, ids, layers.Pass{Segments: segments})
	}
	return m.Body.(*Static).Table.Forward(g, ids)
}

// Embed maps ids [B, T] int32 to vectors [B, D]; see States.
func (m *Model) Embed(g *graph.Graph, ids, segments *graph.Node) *graph.Node {
	return layers.Pool(g, m.States(g, ids, segments), segments, layers.PoolConfig{Kind: m.Config.Pooling, Normalize: m.Config.Normalize})
}

// Width returns D.
func (m *Model) Width() int {
	if s, ok := m.Body.(*Static); ok {
		return s.Table.Weight.Shape[1]
	}
	g := graph.New(graph.Config{DType: m.Params()[0].DType()})
	ids := inputs(g, "width", 1, 1)
	x := m.States(g, ids.ids, ids.segments)
	if g.Err() != nil {
		return 0
	}
	return x.Shape()[2]
}

// Prompt returns what stands before texts of a kind: "" where the model knows no prompt of that name, and for the name "" the default.
func (m *Model) Prompt(name string) string {
	if name == "" {
		name = m.Config.DefaultPrompt
	}
	return m.Config.Prompts[name]
}

// PromptOr is Prompt, but returns the default where the model knows no prompt of that name.
func (m *Model) PromptOr(name string) string {
	if prompt, known := m.Config.Prompts[name]; known {
		return prompt
	}
	return m.Prompt("")
}

// unbounded is the context of a table of vectors: there is no end of it.
const unbounded = math.MaxInt32

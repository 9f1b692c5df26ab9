package generate

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// Model is what texts are written by. A model that is also an Encoder writes about its
// prompts, others continue them.
type Model interface {
	// Params returns the parameters, whose type is that of all that is computed.
	Params() []*graph.Param
	// VocabSize returns V.
	VocabSize() int
	// ContextLength returns the largest T.
	ContextLength() int
	// Hidden maps ids [B, T] int32 to the states [B, T, D] that Head scores. The pass has
	// the positions and the cache and, of an Encoder, what it made of the sources.
	Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	// Head maps states [..., D] to logits [..., V].
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
}

// Encoder is what a Model has besides that writes about another text.
type Encoder interface {
	// Encode maps source ids [B, S] int32 to states [B, S, D]; segments [B, S] int32 mark
	// padding with -1.
	Encode(g *graph.Graph, source, segments *graph.Node) *graph.Node
	// StartToken returns the id that written texts begin with.
	StartToken() int32
}

// Turning is what a Model has besides whose states all change where a text grows beyond a length, such as one with LongRoPE.
type Turning interface {
	// TurnsBeyond returns that length, 0 for none.
	TurnsBeyond() int
}

// Prompted is what a Model has besides that knows ids behind its vocabulary, such as those of a trained prompt. They are read and never
// written.
type Prompted interface {
	// VirtualTokens returns how many there are.
	VirtualTokens() int
}

// dtypeOf returns the type of a model's parameters.
func dtypeOf(m Model) tensor.Dtype {
	if params := m.Params(); len(params) > 0 {
		return params[0].DType()
	}
	return tensor.Float32
}

// checkIDs refuses an empty text and ids that the model doesn't have.
func checkIDs(m Model, what string, ids []int32) error {
	if len(ids) == 0 {
		return fmt.Errorf("generate: the %s is empty; give it at least one token", what)
	}
	known := m.VocabSize()
	if p, ok := m.(Prompted); ok {
		known += p.VirtualTokens()
	}
	for i, id := range ids {
		if id < 0 || int(id) >= known {
			return fmt.Errorf("generate: id %d at position %d of the %s is outside of the vocabulary of %d", id, i, what, m.VocabSize())
		}
	}
	return nil
}

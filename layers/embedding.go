package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// EmbeddingConfig configures NewEmbedding.
type EmbeddingConfig struct {
	Vocab, Width int        // V and D, > 0
	Scale        float64    // multiplies what is looked up; 0 means 1
	Init         graph.Init // default normal(0, 0.02)
}

// Embedding looks up a vector for each token.
type Embedding struct {
	Weight *graph.Param // [V, D]

	scale float64
}

// NewEmbedding makes the parameter "weight".
func NewEmbedding(c EmbeddingConfig, p *graph.Params) *Embedding {
	if c.Vocab <= 0 || c.Width <= 0 {
		p.Fail(fmt.Errorf("layers: embedding: vocabulary of %d and width %d, expected them to be positive", c.Vocab, c.Width))
		return &Embedding{}
	}
	if c.Scale == 0 {
		c.Scale = 1
	}
	return &Embedding{Weight: p.New("weight", c.Init.Or(graph.Normal(0.02)), c.Vocab, c.Width), scale: c.Scale}
}

// Forward maps ids [B, T] int32 to [B, T, D].
func (e *Embedding) Forward(g *graph.Graph, ids *graph.Node) *graph.Node {
	return g.Scale(g.Embedding(g.Param(e.Weight), ids), e.scale)
}

// Logits maps x [..., D] to scores [..., V] by the same table, as models with tied
// embeddings do. The scale isn't applied.
func (e *Embedding) Logits(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Linear(x, g.Param(e.Weight), nil, graph.LinearConfig{})
}

package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// EmbeddingConfig configures NewEmbedding.
type EmbeddingConfig struct {
	Vocab, Width int        // V and D, > 0
	Scale        float64    // multiplies what is looked up; 0 means 1
	Scaled       bool       // vectors that stand in the place of rows, such as a prompt's, have the scale already; default false
	Padding      *int       // id whose vector starts at 0 and isn't trained; nil for none
	Init         graph.Init // default normal(0, 0.02)
	// Vectors are what the ids from 0 on start with in a new table, such as what another
	// model learned, each D long; ids beyond them, and those with nil, start by Init. Default none.
	Vectors [][]float32
}

// Embedding looks up a vector for each token.
type Embedding struct {
	Name   string       // that of its folder in the parameter tree, such as model.embed_tokens
	Weight *graph.Param // [V, D]
	// Adapter changes what is looked up, in traces from then on; default nil.
	Adapter EmbeddingAdapter

	scale   float64
	scaled  bool
	padding int // negative for none
}

// VectorScale returns what vectors are to be multiplied by to stand in the place of rows.
func (e *Embedding) VectorScale() float64 {
	if e.scaled {
		return 1 / e.scale
	}
	return 1
}

// An EmbeddingAdapter changes what an Embedding looks up.
type EmbeddingAdapter interface {
	// Forward maps ids [B, T] int32 to [B, T, D], before they are scaled.
	Forward(g *graph.Graph, e *Embedding, ids *graph.Node) *graph.Node
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
	e := &Embedding{Name: p.Path(), Weight: p.NewMatrix("weight", c.Init.Or(graph.Normal(0.02)), c.Vocab, c.Width), scale: c.Scale, scaled: c.Scaled, padding: -1}
	if !p.Loading() && !p.Sketch() && e.Weight.Value() != nil {
		if err := e.SetVectors(c.Vectors); err != nil {
			p.Fail(err)
		}
	}
	if c.Padding != nil {
		e.pad(*c.Padding, !p.Loading() && !p.Sketch())
	}
	return e
}

// SetVectors gives the ids from 0 on vectors, each D long, before a training begins; an id with nil, and that of the padding, keeps its own.
func (e *Embedding) SetVectors(vectors [][]float32) error {
	vocab, width := e.Weight.Shape[0], e.Weight.Shape[1]
	if len(vectors) > vocab {
		return fmt.Errorf("layers: embedding: %d vectors for a vocabulary of %d", len(vectors), vocab)
	}
	for id, vector := range vectors {
		if vector == nil || id == e.padding {
			continue
		}
		if len(vector) != width {
			return fmt.Errorf("layers: embedding: vector %d has %d elements, expected the width %d", id, len(vector), width)
		}
		switch table := e.Weight.Value().Data().(type) {
		case []float32:
			copy(table[id*width:], vector)
		case []float64:
			for i, v := range vector {
				table[id*width+i] = float64(v)
			}
		}
	}
	return nil
}

// pad makes id the padding's, whose vector is 0 in a new table.
func (e *Embedding) pad(id int, fresh bool) {
	if id < 0 || id >= e.Weight.Shape[0] {
		return // files name ids beyond the table where nothing is padded
	}
	e.padding = id
	if !fresh {
		return
	}
	row, err := e.Weight.Value().Slice(tensor.S(id))
	if err == nil {
		row.Zero()
	}
}

// Forward maps ids [B, T] int32 to [B, T, D].
func (e *Embedding) Forward(g *graph.Graph, ids *graph.Node) *graph.Node {
	if e.Adapter != nil {
		return g.Scale(e.Adapter.Forward(g, e, ids), e.scale)
	}
	return g.Scale(e.Base(g, ids), e.scale)
}

// Base looks up ids [B, T] int32 without the adapter and the scale.
func (e *Embedding) Base(g *graph.Graph, ids *graph.Node) *graph.Node {
	return g.EmbeddingPadded(g.Param(e.Weight), ids, e.padding)
}

// Padding returns the id whose vector isn't trained, negative for none.
func (e *Embedding) Padding() int { return e.padding }

// Logits maps x [..., D] to scores [..., V] by the same table, as models with tied
// embeddings do. The scale isn't applied.
func (e *Embedding) Logits(g *graph.Graph, x *graph.Node) *graph.Node {
	return g.Linear(x, g.Param(e.Weight), nil, graph.LinearConfig{})
}

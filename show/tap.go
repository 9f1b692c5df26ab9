package show

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
)

// tap stands in for the adapter of an embedding, whose results it sees or replaces.
type tap struct {
	inner layers.EmbeddingAdapter // nil for none
	seen  lookUpFunc
}

func (t *tap) Forward(g *graph.Graph, e *layers.Embedding, ids *graph.Node) *graph.Node {
	return t.seen(g, e, ids, func() *graph.Node {
		if t.inner != nil {
			return t.inner.Forward(g, e, ids)
		}
		return e.Base(g, ids)
	})
}

// A lookUpFunc gives what an embedding looks up for ids, which look does as the model would.
type lookUpFunc func(g *graph.Graph, e *layers.Embedding, ids *graph.Node, look func() *graph.Node) *graph.Node

// tapped calls trace while all that a model's embeddings look up goes through seen.
func tapped(m models.Model, seen lookUpFunc, trace func() error) error {
	tables := layers.Find[layers.Embedding](m)
	if len(tables) == 0 {
		return errors.New("show: the model has no table of embeddings")
	}
	for _, e := range tables {
		own := e.Adapter
		e.Adapter = &tap{own, seen}
		defer func() { e.Adapter = own }()
	}
	return trace()
}

// lookUp returns the vectors [T, D] that a model looks up for a text, of each look-up of its tokens, in their order.
func lookUp(m models.Model, t Text) ([][]float32, error) {
	x, err := newInputs(m, t, 1)
	if err != nil {
		return nil, err
	}
	defer x.close()
	var outputs []*graph.Node
	err = tapped(m, func(g *graph.Graph, e *layers.Embedding, ids *graph.Node, look func() *graph.Node) *graph.Node {
		y := look()
		if x.reads(ids) {
			outputs = append(outputs, y)
		}
		return y
	}, func() error { return x.build(m) })
	if err != nil {
		return nil, err
	}
	if len(outputs) == 0 {
		return nil, errors.New("show: the model doesn't look its tokens up in a layers.Embedding")
	}
	if err := x.run(t, outputs...); err != nil {
		return nil, err
	}
	var vectors [][]float32
	for _, n := range outputs {
		vectors = append(vectors, values(n))
	}
	return vectors, nil
}

// reads tells whether a node has the tokens of the texts.
func (x *traced) reads(ids *graph.Node) bool { return ids == x.ids || ids == x.source && ids != nil }

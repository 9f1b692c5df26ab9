package adapt

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// lowRows is the adapter of a table of embeddings: the row of an id changes by s·B·A[:, id].
type lowRows struct {
	a     *graph.Param // [R, V], starts at 0
	b     *graph.Param // [D, R]
	scale float64
}

func newLowRows(e *layers.Embedding, rank int, scale float64, p *graph.Params) *lowRows {
	vocab, width := e.Weight.Shape[0], e.Weight.Shape[1]
	return &lowRows{
		a:     p.New("lora_embedding_A", graph.Zeros(), rank, vocab),
		b:     p.New("lora_embedding_B", graph.Normal(1), width, rank),
		scale: scale,
	}
}

// Forward maps ids [B, T] to [B, T, D].
func (r *lowRows) Forward(g *graph.Graph, e *layers.Embedding, ids *graph.Node) *graph.Node {
	rows := g.EmbeddingPadded(g.Transpose(g.Param(r.a)), ids, e.Padding())
	return g.Add(e.Base(g, ids), g.Linear(g.Scale(rows, r.scale), g.Param(r.b), nil, graph.LinearConfig{}))
}

// merge puts the change into the table.
func (r *lowRows) merge(e *layers.Embedding) error {
	if e.Weight.Value() == nil {
		return fmt.Errorf("adapt: merge: %s has no values as floats (it is stored as %s)", e.Name, e.Weight.Stored())
	}
	if e.Weight.DType() == tensor.Float64 {
		mergeLowRows[float64](r, e)
	} else {
		mergeLowRows[float32](r, e)
	}
	return nil
}

func mergeLowRows[T float32 | float64](r *lowRows, e *layers.Embedding) {
	vocab, width, rank := e.Weight.Shape[0], e.Weight.Shape[1], r.a.Shape[0]
	w, a, b := graph.Data[T](e.Weight), graph.Data[T](r.a), graph.Data[T](r.b)
	for id := range vocab {
		for d := range width {
			change := 0.0
			for k := range rank {
				change += float64(a[k*vocab+id]) * float64(b[d*rank+k])
			}
			w[id*width+d] += T(r.scale * change)
		}
	}
}

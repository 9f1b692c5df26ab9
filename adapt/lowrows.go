package adapt

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// lowRows is the adapter of a table of embeddings: the row of an id changes by s·B·A[:, id]. With a magnitude each of the D columns of the table and
// its change is brought to its length.
type lowRows struct {
	a         *graph.Param // [R, V], starts at 0
	b         *graph.Param // [D, R]
	magnitude *graph.Param // [D]; nil for none
	scale     float64
}

func newLowRows(e *layers.Embedding, c LoRAConfig, rank int, scale float64, p *graph.Params) *lowRows {
	vocab, width := e.Weight.Shape[0], e.Weight.Shape[1]
	r := &lowRows{
		a:     p.New("lora_embedding_A", graph.Zeros(), rank, vocab),
		b:     p.New("lora_embedding_B", graph.Normal(1), width, rank),
		scale: scale,
	}
	if c.DoRA {
		r.magnitude = p.New("lora_magnitude_vector", graph.Zeros(), width)
		if !p.Loading() && r.magnitude.Value() != nil {
			measure(r.magnitude, e.Weight, true)
		}
	}
	return r
}

// Forward maps ids [B, T] to [B, T, D].
func (r *lowRows) Forward(g *graph.Graph, e *layers.Embedding, ids *graph.Node) *graph.Node {
	a, b := g.Param(r.a), g.Param(r.b)
	rows := g.EmbeddingPadded(g.Transpose(a), ids, e.Padding())
	x := g.Add(e.Base(g, ids), g.Linear(g.Scale(rows, r.scale), b, nil, graph.LinearConfig{}))
	if r.magnitude == nil {
		return x
	}
	return g.ScaleColumns(x, g.RowNormRatio(g.Param(r.magnitude), g.Param(e.Weight), a, b, r.scale, graph.LinearConfig{InOut: true}), nil)
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
	squares := make([]float64, width)
	for id := range vocab {
		for d := range width {
			change := 0.0
			for k := range rank {
				change += float64(a[k*vocab+id]) * float64(b[d*rank+k])
			}
			v := float64(w[id*width+d]) + r.scale*change
			w[id*width+d] = T(v)
			squares[d] += v * v
		}
	}
	if r.magnitude == nil {
		return
	}
	for d, m := range graph.Data[T](r.magnitude) {
		ratio := float64(m) / math.Sqrt(squares[d])
		for id := range vocab {
			w[id*width+d] = T(float64(w[id*width+d]) * ratio)
		}
	}
}

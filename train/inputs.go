package train

import (
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// inputs are the nodes of a trace that batches go into, and their memory.
type inputs struct {
	nodes         models.Batch
	batch         data.Batch // the inputs' memory but for values, of which the trace's type is floats'
	scale, values floats
}

// floats is the memory of an input of the trace's type.
type floats struct {
	single []float32 // of a trace in float32
	double []float64 // of one in float64
}

// newInputs makes the inputs for batches of B rows of a layout.
func newInputs(g *graph.Graph, rows int, l data.Layout, scaled bool) inputs {
	in := inputs{batch: data.Batch{Rows: rows, Layout: l}}
	ints := func(name string, length int) (*graph.Node, []int32) {
		n := g.Input("batch."+name, tensor.Int32, rows, length)
		return n, graph.Ints(n)
	}
	reals := func(name string, shape ...int) (*graph.Node, floats) {
		n := g.Input("batch."+name, g.DType(), shape...)
		return n, floats{graph.Floats[float32](n), graph.Floats[float64](n)}
	}
	in.nodes.IDs, in.batch.IDs = ints("ids", l.Length)
	in.nodes.Targets, in.batch.Targets = ints("targets", l.Length)
	if l.Segments {
		in.nodes.Segments, in.batch.Segments = ints("segments", l.Length)
	}
	if l.Types {
		in.nodes.Types, in.batch.Types = ints("types", l.Length)
	}
	if l.SourceLength > 0 {
		in.nodes.Source, in.batch.Source = ints("source", l.SourceLength)
		in.nodes.SourceSegments, in.batch.SourceSegments = ints("source segments", l.SourceLength)
	}
	if l.Values > 0 {
		in.nodes.Values, in.values = reals("values", rows, l.Length, l.Values)
	}
	if scaled {
		in.nodes.Scale, in.scale = reals("scale", 1)
	}
	return in
}

// fill copies a batch into the inputs, or the beginnings of its rows.
func (in *inputs) fill(b *data.Batch) {
	in.batch.Copy(b)
	if b.Values == nil {
		return
	}
	rows, to := b.Rows, in.batch.Layout.Length*b.Layout.Values
	from := len(b.Values) / rows
	for r := range rows {
		values := b.Values[r*from:][:to]
		if in.values.double == nil {
			copy(in.values.single[r*to:], values)
			continue
		}
		for i, v := range values {
			in.values.double[r*to+i] = float64(v)
		}
	}
}

// setScale sets what the sum of the positions' losses is multiplied by.
func (in *inputs) setScale(scale float64) {
	if in.scale.double != nil {
		in.scale.double[0] = scale
	} else {
		in.scale.single[0] = float32(scale)
	}
}

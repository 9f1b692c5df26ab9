package train

import (
	"slices"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// inputs are the nodes of a trace that batches go into, and their memory.
type inputs struct {
	nodes  layers.Batch
	batch  data.Batch // the inputs' memory; of floats where the trace has another type, a buffer
	double []floats   // the memory of those, by input
	rows   []int32    // the numbers of the rows
	scales []scale
}

// A scale is an input that a count's inverse goes into.
type scale struct {
	counted string // the name of an input
	floats
	node *graph.Node
}

// floats is the memory of a value of the trace's type.
type floats struct {
	single []float32 // of a trace in float32
	double []float64 // of one in float64
}

// floatsOf returns the memory of an input or output.
func floatsOf(n *graph.Node) floats {
	return floats{graph.Floats[float32](n), graph.Floats[float64](n)}
}

// at returns element i.
func (f floats) at(i int) float64 {
	if f.double != nil {
		return f.double[i]
	}
	return float64(f.single[i])
}

// newInputs makes the inputs for batches of B rows of a layout.
func newInputs(g *graph.Graph, rows int, l data.Layout, scaled bool) inputs {
	in := inputs{batch: data.Batch{Rows: rows, Layout: l, Columns: make([]data.Column, len(l.Inputs))}, double: make([]floats, len(l.Inputs))}
	in.nodes.In = map[string]*graph.Node{}
	counted := []string{layers.Rows}
	for i, input := range l.Inputs {
		shape := append([]int{rows}, input.Shape...)
		column := &in.batch.Columns[i]
		if input.Type == data.Int32 {
			n := g.Input("batch."+input.Name, tensor.Int32, shape...)
			in.nodes.In[input.Name], column.Ints = n, graph.Ints(n)
			counted = append(counted, input.Name)
			continue
		}
		n := g.Input("batch."+input.Name, g.DType(), shape...)
		f := floatsOf(n)
		if f.double != nil {
			f.single = make([]float32, len(f.double))
		}
		in.nodes.In[input.Name], column.Floats, in.double[i] = n, f.single, f
		counted = append(counted, input.Name)
	}
	n := g.Input("batch."+layers.Rows, tensor.Int32, rows)
	in.nodes.In[layers.Rows], in.rows = n, graph.Ints(n)
	if !scaled {
		return in
	}
	in.nodes.Scales = map[string]*graph.Node{}
	for _, name := range counted {
		n := g.Input("batch."+name+" scale", g.DType(), 1)
		in.nodes.Scales[name] = n
		in.scales = append(in.scales, scale{name, floatsOf(n), n})
	}
	in.nodes.Scale = in.nodes.Scales[targetsOf(l)]
	return in
}

// targetsOf returns the name of the input whose elements a layout counts.
func targetsOf(l data.Layout) string {
	if l.Targets == "" {
		return layers.Rows
	}
	return l.Targets
}

// dropScales forgets the scales that the trace doesn't read.
func (in *inputs) dropScales(g *graph.Graph) {
	var used []scale
	for _, s := range in.scales {
		if g.Expr().To(s.node.ID()).Len() > 0 {
			used = append(used, s)
		}
	}
	in.scales = used
}

// fill copies a batch into the inputs, or the beginnings of its rows.
func (in *inputs) fill(b *data.Batch) {
	in.batch.Copy(b)
	for _, f := range in.double {
		for i := range f.double {
			f.double[i] = float64(f.single[i])
		}
	}
	for i := range in.rows {
		in.rows[i] = -1
		if i < b.Filled {
			in.rows[i] = int32(i)
		}
	}
}

// setScales sets what the sums of losses are multiplied by, for counts of the elements in all micro-batches, or their sums, by the names of their inputs.
func (in *inputs) setScales(names []string, counts []float64) {
	for _, s := range in.scales {
		scale := 0.0
		if count := counts[slices.Index(names, s.counted)]; count > 0 {
			scale = 1 / count
		}
		if s.double != nil {
			s.double[0] = scale
		} else {
			s.single[0] = float32(scale)
		}
	}
}

package train

import (
	"errors"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// A Model is what can be trained.
type Model interface {
	// Params returns all parameters. Their names must be distinct.
	Params() []*graph.Param
	// Loss returns the loss of a batch, a scalar, and the loss of each position
	// [B·T], 0 where the target is ignored. The scalar is the sum of the positions' losses
	// times b.Scale, or their mean where that is nil. A model of one document a row may
	// leave b.Segments out of account.
	Loss(g *graph.Graph, b models.Batch) (loss, rowLosses *graph.Node)
}

// A Saver is a Model that writes a directory of its own. Among its files is
// model.safetensors, with all parameters under their names: from it a run is resumed. A
// Model that is no Saver gets that file only.
type Saver interface {
	Model
	Save(dir string) error
}

// inputs are the nodes of a trace that batches go into, and their memory.
type inputs struct {
	nodes                  models.Batch
	ids, targets, segments []int32
	scale32                []float32 // of a trace in float32
	scale64                []float64 // of one in float64
}

// newInputs makes the inputs for batches of B rows of T tokens.
func newInputs(g *graph.Graph, rows, length int, segments, scaled bool) inputs {
	var in inputs
	ints := func(name string) (*graph.Node, []int32) {
		n := g.Input("batch."+name, tensor.Int32, rows, length)
		return n, graph.Ints(n)
	}
	in.nodes.IDs, in.ids = ints("ids")
	in.nodes.Targets, in.targets = ints("targets")
	if segments {
		in.nodes.Segments, in.segments = ints("segments")
	}
	if scaled {
		in.nodes.Scale = g.Input("batch.scale", g.DType(), 1)
		in.scale32, in.scale64 = graph.Floats[float32](in.nodes.Scale), graph.Floats[float64](in.nodes.Scale)
	}
	return in
}

// fill copies a batch into the inputs.
func (in inputs) fill(b *data.Batch) {
	copy(in.ids, b.IDs)
	copy(in.targets, b.Targets)
	copy(in.segments, b.Segments)
}

// setScale sets what the sum of the positions' losses is multiplied by.
func (in inputs) setScale(scale float64) {
	if in.scale64 != nil {
		in.scale64[0] = scale
	} else {
		in.scale32[0] = float32(scale)
	}
}

// newTrace starts a trace of the model's element type.
func newTrace(m Model, training bool) (*graph.Graph, error) {
	params := m.Params()
	if len(params) == 0 || params[0].Value() == nil {
		return nil, errors.New("the model has no parameters")
	}
	return graph.New(graph.Config{DType: params[0].Value().Dtype(), Train: training}), nil
}

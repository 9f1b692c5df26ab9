package train

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
)

// A Model is what can be trained.
type Model interface {
	// Params returns all parameters that are stored with the model. Their names must be distinct. Those that are frozen, and those
	// that are bound to a trace only, such as a reference's, are not trained.
	Params() []*graph.Param
	// Loss traces the loss of a batch: its total is the sum of the single losses times b.Scale, or their mean where that is nil. A
	// model of one document a row may leave segments out of account.
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
}

// A Saver is a Model that writes a directory of its own. Among its files is
// model.safetensors, with all parameters under their names, unless it is a Storer: from it a run is resumed. A
// Model that is no Saver gets that file only.
type Saver interface {
	Model
	Save(dir string) error
}

// A Storer is a Saver that stores other parameters than all, such as those of an adapter and not those of the model that it is on. A
// checkpoint then holds the file that Stored describes, and Save writes, and a run is resumed from it: the parameters that are trained must be among them, and the
// others be the same again.
type Storer interface {
	Saver
	Stored() graph.Stored
}

// storedBy returns what a model stores.
func storedBy(m Model) graph.Stored {
	if s, ok := m.(Storer); ok {
		return s.Stored()
	}
	s := graph.Stored{File: safetensors.FileName}
	for _, p := range m.Params() {
		s.Params = append(s.Params, graph.StoredParam{Name: p.Name, Param: p})
	}
	return s
}

// storedTensors returns what a file holds.
func storedTensors(s graph.Stored) []safetensors.Tensor {
	var tensors []safetensors.Tensor
	for _, p := range s.Params {
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, Shape: p.Param.Shape, Data: p.Param.Value().Data()})
	}
	return tensors
}

// newTrace starts a trace of the model's element type.
func newTrace(m Model, c graph.Config) (*graph.Graph, error) {
	params := m.Params()
	if len(params) == 0 {
		return nil, errors.New("the model has no parameters")
	}
	c.DType = params[0].DType()
	return graph.New(c), nil
}

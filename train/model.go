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

// Stored is the file of weights that a Storer's Save writes.
type Stored struct {
	File   string // its name in the directory
	Params []StoredParam
}

// StoredParam is a parameter under the name that it has in the file.
type StoredParam struct {
	Name  string
	Param *graph.Param
}

// A Storer is a Saver that stores other parameters than all, such as those of an adapter and not those of the model that it is on. A
// checkpoint then holds what Stored says, and a run is resumed from it: the parameters that are trained must be among them, and the
// others be the same again.
type Storer interface {
	Saver
	Stored() Stored
}

// storedBy returns what a model stores.
func storedBy(m Model) Stored {
	if s, ok := m.(Storer); ok {
		return s.Stored()
	}
	s := Stored{File: safetensors.FileName}
	for _, p := range m.Params() {
		s.Params = append(s.Params, StoredParam{p.Name, p})
	}
	return s
}

// tensors returns what the file holds.
func (s Stored) tensors() []safetensors.Tensor {
	var tensors []safetensors.Tensor
	for _, p := range s.Params {
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, Shape: p.Param.Shape, Data: p.Param.Value().Data()})
	}
	return tensors
}

// newTrace starts a trace of the model's element type.
func newTrace(m Model, training bool) (*graph.Graph, error) {
	params := m.Params()
	if len(params) == 0 {
		return nil, errors.New("the model has no parameters")
	}
	return graph.New(graph.Config{DType: params[0].DType(), Train: training}), nil
}

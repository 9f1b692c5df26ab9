package train

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
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

// newTrace starts a trace of the model's element type.
func newTrace(m Model, training bool) (*graph.Graph, error) {
	params := m.Params()
	if len(params) == 0 {
		return nil, errors.New("the model has no parameters")
	}
	return graph.New(graph.Config{DType: params[0].DType(), Train: training}), nil
}

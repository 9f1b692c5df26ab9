package adapt

import (
	"errors"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

var errNoParameters = errors.New("adapt: the model has no parameters")

// Trainable is a model that package train can train.
type Trainable interface {
	Model
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
}

// trained is a model of which the adapter is saved.
type trained struct {
	Trainable
	adapter *Adapter
}

// Trained returns the model for package train: a run trains the adapter, and its directory and checkpoints hold the adapter's files and
// nothing of the model, but for what a model with a method SaveBeside(dir) has beside its weights.
func Trained(m Trainable, a *Adapter) Trainable { return trained{m, a} }

// Params returns the parameters of the model, which are frozen, and those of the adapter.
func (t trained) Params() []*graph.Param {
	return append(append([]*graph.Param{}, t.Trainable.Params()...), t.adapter.Params()...)
}

// Save writes the adapter's directory.
func (t trained) Save(dir string) error {
	if err := t.adapter.Save(dir); err != nil {
		return err
	}
	if m, ok := t.Trainable.(interface{ SaveBeside(dir string) error }); ok {
		return m.SaveBeside(dir)
	}
	return nil
}

// Stored tells what the directory's file of weights holds.
func (t trained) Stored() graph.Stored { return t.adapter.Stored() }

// Package optim updates parameters from their gradients: by Adam and AdamW, in 8 bits too, SGD, Lion, Muon and Adafactor.
//
//	groups := optim.Groups(model.Params(), 0.1)
//	opt, err := optim.NewAdamW(groups, optim.DefaultAdamConfig())
//	…
//	norm, err := opt.Step(schedule.At(step))
//
// [NewAdamW] and [NewAdam] compute in PyTorch's order of operations. The norm of
// all gradients, by which they are clipped, is summed in float64 over pieces of fixed
// size and in fixed order, so that no result depends on the number of threads. A
// step allocates nothing. The state of an optimizer is saved and loaded exactly.
package optim

import (
	"iter"

	"github.com/seahorse-ml/seahorse/graph"
)

// An Optimizer updates the parameters that it was made for.
type Optimizer interface {
	// Step updates the parameters from their gradients at a learning rate and returns the
	// global norm of the gradients before clipping. If that isn't finite, the error
	// is an ErrNotFinite and nothing was changed.
	Step(learningRate float64) (gradNorm float64, err error)
	// Save writes the optimizer's state, atomically, to a safetensors file.
	Save(path string) error
	// Load restores what Save wrote, exactly. The parameters must be the same by name and shape.
	Load(path string) error
	// Memory returns the bytes of the optimizer's state, and of what its updates are computed in. Of an optimizer for parameters
	// without values (graph.Param.Outline), which can do nothing else, it tells what one for such with values takes.
	Memory() int
}

// A NormTeller is an Optimizer that tells the norms of single parameters' gradients, as all of this package do.
type NormTeller interface {
	Optimizer
	// GradNorms yields the parameters with the norms of their gradients in the last Step, before clipping; those of all ranks where the state is divided.
	GradNorms() iter.Seq2[*graph.Param, float64]
}

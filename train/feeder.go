package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
)

// A Feeder makes what a run learns from while it runs, by the model as it is then: samples of the model itself, for example. What it makes
// must follow from the step and the parameters, so that a run that is resumed comes to the same.
type Feeder interface {
	// Feed fills the micro-batches of a step, counted from 0, by data.FillSequential from a dataset with the layout of Config.Train. Figures, which
	// may be nil, stand before those of the model in the metrics.
	Feed(ctx context.Context, step int, batches []*data.Batch) (Figures, error)
	// Save writes into the directory of a checkpoint what the steps after so many need of those before.
	Save(dir string, steps int) error
	// Restore goes back to where a checkpoint stands that Save wrote into, whose parameters the model has already. Where there is no checkpoint,
	// dir is "" and the run starts over.
	Restore(dir string, steps int) error
}

// feed fills the batches of the next step.
func (t *Trainer) feed(ctx context.Context) (Figures, error) {
	figures, err := t.config.Feed.Feed(ctx, t.state.Step, t.stepper.batches)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		return nil, fmt.Errorf("train: step %d: %w", t.state.Step+1, err)
	}
	if err := t.consent(ctx); err != nil {
		return nil, err
	}
	if t.stepper.counts[0] == 0 {
		return nil, fmt.Errorf("train: step %d: nothing to learn in what was fed", t.state.Step+1)
	}
	return figures, nil
}

// besideModel writes what belongs to the model and the state of the feeder into a checkpoint's directory.
func (t *Trainer) besideModel(dir string) error {
	err := t.config.beside(dir)
	if t.config.Feed != nil {
		err = errors.Join(err, t.config.Feed.Save(dir, t.state.Step))
	}
	return err
}

// measured tells whether there are evaluations.
func (c Config) measured() bool { return c.Validation != nil || c.Measure != nil }

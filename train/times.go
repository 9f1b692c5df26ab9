package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
)

// Times is how long the parts of a run take, in seconds.
type Times struct {
	Step       float64 // an optimization step, with all of its micro-batches
	Evaluation float64 // one through the whole of the validation data; 0 without
	Update     float64 // the part of Step in which the optimizer works
	Save       float64 // a checkpoint

	params  []*graph.Param // that are trained, in the order in which a step finds their gradients
	lookups []lookup       // those of them whose gradients are found in two parts
	looked  int            // rows of such that a micro-batch looks up, at most
	sharder bool           // the optimizer can be divided among ranks
}

// Total returns how long a run of a configuration takes by them, callbacks aside.
func (t Times) Total(c Config) float64 {
	return t.Step*float64(c.MaxSteps) + t.Evaluation*float64(c.Evaluations()) + t.Save*float64(c.Saves())
}

// Saves returns how often the run writes the model if it goes to its end: into its checkpoints, and in the end into its directory.
func (c Config) Saves() int {
	if c.SaveSteps == 0 {
		return 2
	}
	return (c.MaxSteps+c.SaveSteps-1)/c.SaveSteps + 1
}

// Evaluations returns how many evaluations the run has if it goes to its end.
func (c Config) Evaluations() int {
	if c.Validation == nil {
		return 0
	}
	if c.EvalSteps == 0 {
		return 1
	}
	return (c.MaxSteps + c.EvalSteps - 1) / c.EvalSteps
}

// Steps are timed until there are fewestTimed of them and the time is over, or mostTimed. The first isn't counted: its memory is new.
const (
	fewestTimed = 2
	mostTimed   = 200
)

// MeasureTimes makes the first steps of a run, for about so many seconds and at least three, part of an evaluation in half as many, and a checkpoint, which it
// writes into a directory of its own for temporary files and removes. The learning rate is 0, and the model's parameters stay as they are.
func MeasureTimes(ctx context.Context, m Model, c Config, seconds float64) (times Times, err error) {
	t, err := New(m, c)
	if err != nil {
		return Times{}, err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	if t.batches, err = data.NewPrefetcher(t.loader, c.BatchSize, prefetched); err != nil {
		return Times{}, fmt.Errorf("train: %w", err)
	}
	defer t.batches.Close()
	made, spent := 0, 0.0
	for made <= fewestTimed || spent < seconds && made < mostTimed {
		begin := time.Now()
		if err := t.fill(ctx); err != nil {
			return Times{}, err
		}
		if _, err := t.stepper.step(ctx, 0); err != nil {
			return Times{}, fmt.Errorf("train: %w", err)
		}
		if made++; made > 1 {
			spent += time.Since(begin).Seconds()
			times.Update += t.stepper.updating.Seconds()
		}
	}
	times.Step, times.Update = spent/float64(made-1), times.Update/float64(made-1)
	times.params = t.stepper.passes[len(t.stepper.passes)-1].machine.GradientOrder()
	times.lookups = t.stepper.sharedLookups()
	for _, l := range times.lookups {
		looked := 0
		for _, name := range l.names {
			looked += len(t.stepper.batches[0].Ints(name))
		}
		times.looked = max(times.looked, looked)
	}
	_, times.sharder = t.stepper.optimizer.(optim.Sharder)
	if c.Validation != nil {
		if times.Evaluation, err = t.timeEvaluation(ctx, seconds/2); err != nil {
			return times, err
		}
	}
	times.Save, err = t.timeSave()
	return times, err
}

// timeSave returns how long a checkpoint takes.
func (t *Trainer) timeSave() (seconds float64, err error) {
	dir, err := os.MkdirTemp("", "checkpoint-")
	if err != nil {
		return 0, fmt.Errorf("train: timing a checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	begin := time.Now()
	if _, err := newStore(dir).save(t.model, t.stepper.optimizer, t.state, t.besideModel, 0); err != nil {
		return 0, fmt.Errorf("train: timing a checkpoint: %w", err)
	}
	return time.Since(begin).Seconds(), nil
}

// timeEvaluation returns how long an evaluation takes, of which it makes as much as fits into some seconds, and at least one batch.
func (t *Trainer) timeEvaluation(ctx context.Context, seconds float64) (float64, error) {
	part, stop := context.WithCancel(ctx)
	defer stop()
	begin, whole := time.Now(), 0.0
	c := t.evalConfig()
	c.Progress = func(done, total int) {
		spent := time.Since(begin).Seconds()
		whole = spent * float64(total) / float64(done)
		if spent > seconds {
			stop()
		}
	}
	_, err := evaluate(part, t.model, t.config.Validation, c, t.stepper.compile)
	if err != nil && (part.Err() == nil || ctx.Err() != nil) {
		return 0, fmt.Errorf("train: evaluation: %w", err)
	}
	return whole, nil
}

package train

import (
	"errors"
	"iter"
)

// ErrStop, returned by a callback, ends the run in good order: with a checkpoint and the
// model, as after its last step.
var ErrStop = errors.New("stop the run")

// A Callback is told what happens in a run, in the goroutine that runs it. An error ends the
// run; ErrStop ends it in good order. Embed Silent to implement only some of the methods.
type Callback interface {
	// Step is called after each optimization step, and after its evaluation if there was one.
	Step(e StepEvent) error
	// Eval is called after each evaluation.
	Eval(e EvalEvent) error
	// Save is called when a checkpoint is complete.
	Save(e SaveEvent) error
	// End is called once, when Run returns.
	End(e EndEvent) error
}

// An EvalWatcher is a Callback that is also told how far each evaluation is, in rows.
type EvalWatcher interface {
	Callback
	Evaluating(done, total int)
}

// A BeginWatcher is a Callback that is also told, before the first step, how many steps were done when the run began or goes on.
type BeginWatcher interface {
	Callback
	Begin(made int) error
}

// A NormWatcher is a Callback that is also told, at logged steps and before Step, the norms of single parameters' gradients before clipping, if the optimizer is
// an optim.NormTeller.
type NormWatcher interface {
	Callback
	Norms(step int, byName iter.Seq2[string, float64]) error
}

// A Blind callback doesn't look at the model in Step: where ranks divide the optimizer's state, new parameters may still be on their way from others
// then. The trainer waits for them before it calls those that don't say so. In Eval, Save and End the model is complete for all.
type Blind interface {
	Callback
	// Blind does nothing.
	Blind()
}

// StepEvent is what Callback.Step is told.
type StepEvent struct {
	Metrics
	MaxSteps int
	Logged   bool // the metrics were written to metrics.jsonl
}

// EvalEvent is what Callback.Eval is told.
type EvalEvent struct {
	Evaluation
	Step     int
	BestLoss float64 // the lowest of the run so far, this one included
	BestStep int
}

// SaveEvent is what Callback.Save is told.
type SaveEvent struct {
	Step int
	Dir  string
}

// EndEvent is what Callback.End is told.
type EndEvent struct {
	Step int
	Err  error // what Run returns; nil when the run is complete
}

// Silent is a Callback that does nothing.
type Silent struct{}

// Step does nothing.
func (Silent) Step(StepEvent) error { return nil }

// Eval does nothing.
func (Silent) Eval(EvalEvent) error { return nil }

// Save does nothing.
func (Silent) Save(SaveEvent) error { return nil }

// End does nothing.
func (Silent) End(EndEvent) error { return nil }

// tell calls all callbacks and returns their errors but for ErrStop, which it reports as stop.
func tell(callbacks []Callback, call func(c Callback) error) (stop bool, err error) {
	var errs []error
	for _, c := range callbacks {
		switch err := call(c); {
		case errors.Is(err, ErrStop):
			stop = true
		case err != nil:
			errs = append(errs, err)
		}
	}
	return stop, errors.Join(errs...)
}

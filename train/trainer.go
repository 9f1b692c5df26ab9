package train

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/runlog"
)

// A Trainer makes one run.
type Trainer struct {
	model      Model
	config     Config
	stepper    *Stepper
	evaluation graph.Memory
	loader     *data.Loader
	batches    *data.Prefetcher
	metrics    *metricsFile
	control    *control
	spikes     *runlog.Appender // nil on ranks that don't write
	store      *store
	state      State
	last       Metrics     // of the last step
	look       Look        // of the last step that was looked at
	resumed    bool        // Resume was called
	stepped    bool        // a step was made since the run began or went on
	stopping   bool        // a callback returned ErrStop
	wanted     atomic.Bool // a checkpoint, by SaveSoon
	saving     bool        // a checkpoint is wanted after this step, on all ranks
	watched    bool        // one of several ranks has a callback that isn't Blind
	saved      int         // step of the last checkpoint, -1 before the first
	targets    int         // since the last line of metrics
	seconds    float64     // in steps since the last line of metrics
	place      os.FileInfo // the directory, to know it again
	lock       *DirLock    // of the directory, if it is the trainer's own
}

// An Interrupted is the error of a run whose context ended. A checkpoint was saved.
type Interrupted struct {
	Step       int    // steps that are done
	MaxSteps   int    // of the run
	Dir        string // of the run; Trainer.Resume goes on there
	Checkpoint string // directory of the checkpoint
	Cause      error  // of the context
}

// Error says where the run stands.
func (e *Interrupted) Error() string {
	return fmt.Sprintf("train: interrupted after step %d of %d; %s was saved", e.Step, e.MaxSteps, e.Checkpoint)
}

// Unwrap returns the cause.
func (e *Interrupted) Unwrap() error { return e.Cause }

// New prepares a run: it traces the model and takes the memory. Nothing is written yet.
func New(m Model, c Config) (*Trainer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	order := data.LoaderConfig{Seed: c.Seed}
	if several(c.Ranks) {
		order.Share = data.Share{Index: c.Ranks.Rank(), Of: c.Ranks.Size(), Batches: c.Accumulation}
	}
	if c.GroupByLength {
		order.Group = c.BatchSize
	}
	loader, err := data.NewLoader(c.Train, order)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	t := &Trainer{model: m, config: c, loader: loader, store: newStore(c.Dir), saved: -1}
	t.store.keepBest = c.KeepBest
	t.state = State{MaxSteps: c.MaxSteps, Random: Random{Seed: c.Seed}, Loader: loader.State()}
	var evaluation graph.Memory
	if c.Validation != nil {
		if evaluation, err = estimateEvaluation(m, c.Validation, t.evalConfig()); err != nil {
			return nil, fmt.Errorf("train: evaluation: %w", err)
		}
	}
	if t.stepper, err = NewStepper(m, c.stepper()); err != nil {
		return nil, err
	}
	t.stepper.SetProfile(c.Profile)
	steps, _ := t.stepper.Memory()
	t.evaluation = beside(steps, evaluation)
	return t, nil
}

// Memory returns what the run takes.
func (t *Trainer) Memory() MemoryUse {
	steps, optimizer := t.stepper.Memory()
	return MemoryUse{Steps: steps, Optimizer: optimizer, Evaluation: t.evaluation}
}

// Close gives the memory back, and the lock of a directory that was resumed and not run.
func (t *Trainer) Close() error { return errors.Join(t.stepper.Close(), t.unlock()) }

// SaveSoon lets Run write a checkpoint after the step that it is at, and go on. It may be called from any goroutine.
func (t *Trainer) SaveSoon() { t.wanted.Store(true) }

// lockDir locks the run's directory, which must be there, unless it is locked already.
func (t *Trainer) lockDir() (err error) {
	if t.config.Lock == nil && t.lock == nil && leads(t.config.Ranks) {
		t.lock, err = LockDir(t.config.Dir)
	}
	return err
}

// checkDir returns an error where the directory isn't the one that the run began or went on in: it may have been moved, or its disk unmounted. What would be
// written to a new one of that name would lack the rest of the run.
func (t *Trainer) checkDir() error {
	now, err := os.Stat(t.config.Dir)
	if err == nil && !os.SameFile(now, t.place) {
		err = fmt.Errorf("%s is another directory than the one that the run is in; was it moved, or its disk unmounted?", t.config.Dir)
	}
	if err != nil {
		return fmt.Errorf("train: the run's directory is gone: %w", err)
	}
	return nil
}

// unlock gives the lock of the directory back, if it is the trainer's own.
func (t *Trainer) unlock() error {
	l := t.lock
	t.lock = nil
	return l.Release()
}

package train

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/optim"
)

// prefetched is how many batches are filled ahead of the step that needs them.
const prefetched = 2

// Run makes the steps of the run that are left, and leaves the model in the run's directory. A
// directory that holds a run already is refused unless Resume was called. When ctx ends, a checkpoint is
// saved and the error is an Interrupted. An ErrDiverged names the step; then the checkpoints from before it are still
// there. A Trainer runs once.
func (t *Trainer) Run(ctx context.Context) (err error) {
	defer func() {
		_, failed := tell(t.config.Callbacks, func(c Callback) error { return c.End(EndEvent{t.state.Step, err}) })
		err = errors.Join(err, failed, t.unlock())
		if err != nil && several(t.config.Ranks) && !Agreed(err) {
			t.config.Ranks.Abort(err)
		}
	}()
	if err := agree(t.config.Ranks, t.open()); err != nil {
		return err
	}
	if t.metrics != nil {
		defer func() { err = errors.Join(err, t.metrics.close(), t.spikes.Close(), t.control.drop()) }()
	}
	if err := t.meet(); err != nil {
		return err
	}
	if t.control, err = t.control.shared(t.config.Ranks); err != nil {
		return err
	}
	err = t.tell(func(c Callback) error {
		if w, ok := c.(BeginWatcher); ok {
			return w.Begin(t.state.Step)
		}
		return nil
	})
	if err != nil {
		return err
	}
	if t.config.Feed == nil {
		t.batches, err = data.NewPrefetcher(t.loader, t.config.BatchSize, prefetched)
		if err != nil {
			return fmt.Errorf("train: %w", err)
		}
		defer t.batches.Close()
	}
	err = t.steps(ctx)
	if err != nil && ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return t.interrupted(context.Cause(ctx))
	}
	var other *rankInterrupted
	if errors.As(err, &other) {
		return t.interrupted(other)
	}
	return err
}

// open makes the run's directory and opens its metrics.
func (t *Trainer) open() error {
	if !leads(t.config.Ranks) {
		return nil
	}
	if t.config.Lock == nil { // a directory that is locked was there, and isn't made anew where it has gone
		if err := os.MkdirAll(t.config.Dir, 0o755); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	if err := t.lockDir(); err != nil {
		return err
	}
	if !t.resumed {
		if err := refuseRun(t.config.Dir); err != nil {
			return err
		}
	}
	var err error
	if t.place, err = os.Stat(t.config.Dir); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if err := RemoveSums(t.config.Dir); err != nil {
		return err
	}
	written := t.state.Step
	if t.state.Pending != nil {
		written--
	}
	if t.control, err = newControl(t.config.Dir, t.config.Obey, t.state.Step); err != nil {
		return err
	}
	if err := t.openSpikes(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	t.metrics, err = openMetrics(t.config.Dir, written, t.state.Metrics)
	return err
}

// refuseRun returns an error if a directory holds a run already.
func refuseRun(dir string) error {
	checkpoints, err := listCheckpoints(dir)
	if err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if len(checkpoints) > 0 {
		return fmt.Errorf("train: %s already holds a run with %s; resume it, or give another directory", dir, filepath.Base(checkpoints[0].path))
	}
	if _, err := os.Stat(filepath.Join(dir, MetricsName)); err == nil {
		return fmt.Errorf("train: %s already holds a run with %s; resume it, or give another directory", dir, MetricsName)
	}
	return nil
}

// steps makes the steps that are left.
func (t *Trainer) steps(ctx context.Context) error {
	if t.state.Pending != nil {
		t.last, t.state.Pending = *t.state.Pending, nil
		if err := t.conclude(ctx); err != nil {
			return err
		}
	}
	for t.state.Step < t.config.MaxSteps && (!t.stopping || several(t.config.Ranks)) && !t.lostPatience() {
		save, stop, err := t.control.before(t.state.Step)
		if err != nil {
			return err
		}
		if save {
			t.SaveSoon()
		}
		if t.stopping = t.stopping || stop; t.stopping && !several(t.config.Ranks) {
			break
		}
		err = t.step(ctx)
		if errors.Is(err, errStopping) {
			break
		}
		if err != nil {
			return err
		}
		if err := t.conclude(ctx); err != nil {
			return err
		}
	}
	if err := t.save(); err != nil {
		return err
	}
	if !leads(t.config.Ranks) {
		return agree(t.config.Ranks, nil)
	}
	return agree(t.config.Ranks, t.leave())
}

// leave puts the model into the run's directory.
func (t *Trainer) leave() error {
	if err := t.checkDir(); err != nil {
		return err
	}
	leave := func() error { return saveModel(t.config.Dir, t.model) }
	if best := t.state.BestStep; t.config.KeepBest && best != 0 && best != t.state.Step {
		leave = func() error { return copyModel(t.config.Dir, t.store.path(best)) }
	}
	if err := errors.Join(t.config.beside(t.config.Dir), leave()); err != nil {
		return fmt.Errorf("train: saving the model: %w", err)
	}
	return nil
}

// step makes one optimization step.
func (t *Trainer) step(ctx context.Context) error {
	begin := time.Now()
	var fed Figures
	var r StepResult
	var rate float64
	look := t.looks()
	if look {
		t.stepper.Look(&t.look)
	}
	for made := false; !made; {
		var err error
		filling := time.Now()
		if t.config.Feed != nil {
			fed, err = t.feed(ctx)
		} else {
			err = t.fill(ctx)
		}
		if p := t.config.Profile; p != nil {
			p.Add("rows", time.Since(filling), 0)
		}
		if err != nil {
			return err
		}
		rate = t.config.schedule().At(t.state.Step) * t.control.factor(t.state.Step) // now that all ranks have the events
		r, err = t.stepper.step(ctx, rate)
		if errors.Is(err, ErrDiverged) {
			err = t.skip(err)
			if err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return fmt.Errorf("train: step %d: %w", t.state.Step+1, err)
		}
		made = true
	}
	taken := time.Since(begin)
	if p := t.config.Profile; p != nil {
		p.AddStep(taken)
	}
	seconds := taken.Seconds()
	t.targets += r.Targets
	t.seconds += seconds
	t.state.Step++
	t.stepped = true
	t.state.Targets += int64(r.Targets)
	t.state.Seconds += seconds
	t.state.Random = Random(t.stepper.random)
	if t.batches != nil {
		t.state.Loader = t.batches.State()
	}
	t.last = Metrics{
		Step: t.state.Step, Loss: r.Loss, GradNorm: r.GradNorm, LearningRate: rate,
		Unit: t.stepper.unit(), Targets: t.state.Targets, TargetsPerSecond: float64(t.targets) / t.seconds, Figures: r.Figures,
	}
	if fed != nil {
		t.last.Figures = append(fed[:len(fed):len(fed)], r.Figures...)
	}
	if look {
		if err := t.tell(func(c Callback) error {
			if w, ok := c.(LookWatcher); ok {
				return w.Looked(LookEvent{t.look, t.state.Step})
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return t.watch(r)
}

// looks tells whether the next step is looked at by a callback.
func (t *Trainer) looks() bool {
	return t.config.LookSteps > 0 && t.config.due(t.config.LookSteps, t.state.Step+1) && slices.ContainsFunc(t.config.Callbacks, func(c Callback) bool {
		_, ok := c.(LookWatcher)
		return ok
	})
}

// errStopping ends the steps in good order, on all ranks.
var errStopping = errors.New("the run is to stop")

// fill takes the batches of the next step. Where nothing of them is to be learned, as
// happens in streams that are learned in part, it takes those after them, for an epoch at most.
func (t *Trainer) fill(ctx context.Context) error {
	for range t.config.Train.Len()/t.config.rowsPerStep() + 2 {
		for _, b := range t.stepper.batches {
			if err := t.batches.Next(b); err != nil {
				return fmt.Errorf("train: %w", err)
			}
		}
		if err := t.consent(ctx); err != nil {
			return err
		}
		if t.stepper.counts[0] > 0 {
			return nil
		}
	}
	return errors.New("train: a whole epoch of the data has no target")
}

// conclude does what follows a step: evaluation, metrics, callbacks and checkpoint, as far
// as they are due.
func (t *Trainer) conclude(ctx context.Context) error {
	m := &t.last
	if t.seen(m.Step) {
		if err := t.stepper.settle(); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	evaluation, err := t.evaluate(ctx, m)
	if err != nil {
		pending := *m
		t.state.Pending = &pending
		return err
	}
	logged := evaluation != nil || m.Step == 1 || t.config.due(t.config.LoggingSteps, m.Step)
	if logged {
		if t.metrics != nil {
			if err := t.metrics.write(*m); err != nil {
				return err
			}
		}
		t.targets, t.seconds = 0, 0
		if err := t.tellNorms(m.Step); err != nil {
			return err
		}
	}
	if err := t.tell(func(c Callback) error { return c.Step(StepEvent{*m, t.config.MaxSteps, logged}) }); err != nil {
		return err
	}
	if evaluation != nil {
		if err := t.tell(func(c Callback) error { return c.Eval(*evaluation) }); err != nil {
			return err
		}
	}
	best := evaluation != nil && t.config.KeepBest && t.state.BestStep == m.Step
	wanted := t.saving || !several(t.config.Ranks) && t.wanted.Swap(false)
	t.saving = false
	if wanted || best || t.config.due(t.config.SaveSteps, m.Step) {
		return t.save()
	}
	return nil
}

// tellNorms tells the norms of the gradients of the step that was made. Of one that was made before the run was interrupted they aren't known any more.
func (t *Trainer) tellNorms(step int) error {
	teller, ok := t.stepper.optimizer.(optim.NormTeller)
	if !ok || !t.stepped {
		return nil
	}
	byName := func(yield func(string, float64) bool) {
		for p, norm := range teller.GradNorms() {
			if !yield(p.Name, norm) {
				return
			}
		}
	}
	return t.tell(func(c Callback) error {
		if w, ok := c.(NormWatcher); ok {
			return w.Norms(step, byName)
		}
		return nil
	})
}

// seen tells whether something looks at the model behind a step, on any rank: an evaluation, or a callback that isn't Blind.
func (t *Trainer) seen(step int) bool { return t.watched || t.config.due(t.config.EvalSteps, step) }

// tell calls the callbacks.
func (t *Trainer) tell(call func(c Callback) error) error {
	stop, err := tell(t.config.Callbacks, call)
	t.stopping = t.stopping || stop
	return err
}

// evaluate evaluates if that is due, and adds what it finds to the metrics.
func (t *Trainer) evaluate(ctx context.Context, m *Metrics) (*EvalEvent, error) {
	if !t.config.measured() || !t.config.due(t.config.EvalSteps, m.Step) {
		return nil, nil
	}
	c := t.evalConfig()
	c.Progress = func(done, total int) {
		for _, callback := range t.config.Callbacks {
			if w, ok := callback.(EvalWatcher); ok {
				w.Evaluating(done, total)
			}
		}
	}
	var e Evaluation
	var err error
	if t.config.Measure != nil {
		e, err = t.config.Measure(ctx, c.Progress)
	} else {
		e, err = evaluate(ctx, t.model, t.config.Validation, c, t.stepper.compile)
	}
	if err != nil {
		return nil, fmt.Errorf("train: evaluation after step %d: %w", m.Step, err)
	}
	if t.config.Examine != nil {
		found, err := t.config.Examine(ctx, c.Progress)
		for _, f := range found {
			err = errors.Join(err, checkFigure(f.Name))
		}
		if err != nil {
			return nil, fmt.Errorf("train: evaluation after step %d: %w", m.Step, err)
		}
		e.Figures = slices.Concat(e.Figures, found)
	}
	m.EvalLoss, m.EvalFigures = &e.Loss, e.Figures
	if best := t.state.BestEvalLoss; best == nil || e.Loss < *best {
		t.state.BestEvalLoss, t.state.BestEvalStep = &e.Loss, m.Step
	}
	if err := t.rank(e, m.Step); err != nil {
		return nil, err
	}
	return &EvalEvent{e, m.Step, *t.state.BestEvalLoss, t.state.BestEvalStep}, nil
}

func (t *Trainer) evalConfig() EvalConfig {
	return EvalConfig{BatchSize: t.config.EvalBatchSize, Ranks: t.config.Ranks}
}

// save writes a checkpoint unless this step has one.
func (t *Trainer) save() error {
	if err := t.stepper.settle(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if t.saved == t.state.Step {
		return nil
	}
	if err := t.stepper.gatherState(); err != nil {
		return err
	}
	var err error
	if leads(t.config.Ranks) {
		err = t.write()
	}
	if err := agree(t.config.Ranks, err); err != nil {
		return err
	}
	t.saved = t.state.Step
	return t.tell(func(c Callback) error { return c.Save(SaveEvent{t.state.Step, t.store.path(t.state.Step)}) })
}

// write writes a checkpoint.
func (t *Trainer) write() error {
	if err := errors.Join(t.checkDir(), t.metrics.sync()); err != nil {
		return err
	}
	sum := t.metrics.sum
	t.state.Metrics = &sum
	_, err := t.store.save(t.model, t.stepper.optimizer, t.state, t.besideModel, t.config.SaveTotalLimit)
	return err
}

// interrupted saves what was done before the context ended.
func (t *Trainer) interrupted(cause error) error {
	if err := t.save(); err != nil {
		return err
	}
	return &Interrupted{
		Step: t.state.Step, MaxSteps: t.config.MaxSteps, Dir: t.config.Dir, Cause: cause,
		Checkpoint: filepath.Join(t.config.Dir, fmt.Sprintf("%s%d", checkpointPrefix, t.state.Step)),
	}
}

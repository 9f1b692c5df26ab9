package train

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
)

// A Checkpoint is a directory that a run can be resumed from. It is a directory of its model too.
type Checkpoint struct {
	Dir   string
	State State
	// Changed says which files beside it, that nothing is learned from, aren't what they were when it was written; Resume fills it in.
	Changed []error
}

// checkpointDir is a directory named as a checkpoint.
type checkpointDir struct {
	path string
	step int
}

// listCheckpoints returns the directories that are named as checkpoints, the youngest first.
func listCheckpoints(dir string) ([]checkpointDir, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var all []checkpointDir
	for _, e := range entries {
		number, ok := strings.CutPrefix(e.Name(), checkpointPrefix)
		step, err := strconv.Atoi(number)
		if ok && err == nil && e.IsDir() && strconv.Itoa(step) == number {
			all = append(all, checkpointDir{filepath.Join(dir, e.Name()), step})
		}
	}
	slices.SortFunc(all, func(a, b checkpointDir) int { return cmp.Compare(b.step, a.step) })
	return all, nil
}

// LastCheckpoint returns the youngest complete checkpoint in a run's directory, or nil where there is none.
// Directories named as younger ones that are damaged or incomplete are left out; skipped has an error for each.
func LastCheckpoint(dir string) (last *Checkpoint, skipped []error, err error) {
	all, err := listCheckpoints(dir)
	if err != nil {
		return nil, nil, fmt.Errorf("train: %w", err)
	}
	for _, c := range all {
		state, err := readState(c.path)
		if err == nil && state.Step != c.step {
			err = fmt.Errorf("%s is of step %d", StateName, state.Step)
		}
		if err == nil {
			return &Checkpoint{Dir: c.path, State: state}, skipped, nil
		}
		skipped = append(skipped, fmt.Errorf("train: %s is no complete checkpoint: %w", c.path, err))
	}
	return nil, skipped, nil
}

// Resume makes Run go on from the last complete checkpoint in the run's directory, or from
// the start where there is none; then the checkpoint is nil. A directory in which another process is at work is
// refused by ErrLocked. What interrupted saves have left is removed. Skipped has an error for each younger checkpoint that
// is damaged, and of which nothing is used.
// Model, data and seed must be those of the run; other settings may be changed.
func (t *Trainer) Resume() (from *Checkpoint, skipped []error, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, t.unlock())
		}
	}()
	if _, err := os.Stat(t.config.Dir); err == nil {
		if err := t.lockDir(); err != nil {
			return nil, nil, err
		}
		if leads(t.config.Ranks) {
			if err := errors.Join(atomicfile.RemoveAbandoned(t.config.Dir), t.store.clean()); err != nil {
				return nil, nil, err
			}
		}
	}
	last, skipped, err := LastCheckpoint(t.config.Dir)
	if err != nil {
		return nil, skipped, err
	}
	if last != nil {
		if err := errors.Join(t.checkFiles(last), t.restore(last)); err != nil {
			return nil, skipped, fmt.Errorf("train: resuming from %s: %w", last.Dir, err)
		}
		if err := checkMetrics(t.config.Dir, last.State.Metrics); err != nil {
			last.Changed = append(last.Changed, err)
		}
		if leads(t.config.Ranks) { // a run that was killed behind its last checkpoint hasn't done so
			if err := t.store.pruneBefore(last.State, t.config.SaveTotalLimit); err != nil {
				return nil, skipped, err
			}
		}
	}
	if t.config.Feed != nil {
		dir := ""
		if last != nil {
			dir = last.Dir
		}
		if err := t.config.Feed.Restore(dir, t.state.Step); err != nil {
			return nil, skipped, fmt.Errorf("train: resuming: %w", err)
		}
	}
	t.resumed = true
	return last, skipped, nil
}

// checkFiles compares the files that go into each checkpoint with those of one.
func (t *Trainer) checkFiles(c *Checkpoint) error {
	for _, path := range t.config.Files {
		name := filepath.Base(path)
		want, ok := c.State.Files[name]
		if !ok {
			continue
		}
		if err := want.check(filepath.Dir(path), name); err != nil {
			return fmt.Errorf("%s is damaged, or was changed since: %w; the checkpoint has it as it was, to be copied back", path, err)
		}
	}
	return nil
}

// restore takes over all that a checkpoint holds.
func (t *Trainer) restore(c *Checkpoint) error {
	if seed := c.State.Random.Seed; seed != t.config.Seed {
		return fmt.Errorf("the run has the seed %d, the configuration %d", seed, t.config.Seed)
	}
	if err := t.loader.Restore(c.State.Loader); err != nil {
		return err
	}
	stored := storedBy(t.model)
	if err := readParams(filepath.Join(c.Dir, stored.File), stored.Params); err != nil {
		return err
	}
	if err := t.stepper.optimizer.Load(filepath.Join(c.Dir, optimizerName)); err != nil {
		return err
	}
	t.state = c.State
	t.state.Files, t.state.MaxSteps = nil, t.config.MaxSteps
	t.stepper.random = graph.Random(c.State.Random)
	t.saved = c.State.Step
	return nil
}

// readParams fills parameters with the values that a file has under their names.
func readParams(path string, params []graph.StoredParam) (err error) {
	file, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	for _, p := range params {
		shape, ok := file.Shape(p.Name)
		if !ok {
			return fmt.Errorf("parameter %q is missing", p.Name)
		}
		if !slices.Equal(shape, p.Param.Shape) {
			return fmt.Errorf("parameter %q is stored with shape %v, expected %v", p.Name, shape, p.Param.Shape)
		}
	}
	for _, p := range params {
		if err := file.Read(p.Name, p.Param.Value()); err != nil {
			return err
		}
	}
	return nil
}

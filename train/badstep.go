package train

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A SkipWatcher is a Callback that is also told of steps that are left out, see Config.SkipBadSteps.
type SkipWatcher interface {
	Callback
	Skipped(e SkipEvent) error
}

// SkipEvent is what SkipWatcher.Skipped is told.
type SkipEvent struct {
	Step    int   // that was tried, and is tried again with the next rows
	Skipped int   // times so far, in the whole run
	Limit   int   // Config.SkipBadSteps
	Err     error // an ErrDiverged, which says where it came about
}

// skip decides what follows a step that diverged: nil is to try the step again with the next rows.
func (t *Trainer) skip(err error) error {
	err = fmt.Errorf("step %d: %w", t.state.Step+1, err)
	if where := t.stepper.blame(); where != "" {
		err = fmt.Errorf("%w; %s", err, where)
	}
	if failed := t.spiked(Spike{Step: t.state.Step + 1, Error: err.Error()}); failed != nil {
		return errors.Join(fmt.Errorf("train: %w", err), failed)
	}
	if t.state.Skipped >= t.config.SkipBadSteps {
		advice := "a lower learning rate may help"
		if t.config.SkipBadSteps > 0 {
			advice = fmt.Sprintf("%d were left out before", t.state.Skipped)
		}
		return fmt.Errorf("train: %w; the step was not made; %s", err, advice)
	}
	t.state.Skipped++
	t.stepper.random = t.stepper.tried
	return t.tell(func(c Callback) error {
		if w, ok := c.(SkipWatcher); ok {
			return w.Skipped(SkipEvent{t.state.Step + 1, t.state.Skipped, t.config.SkipBadSteps, err})
		}
		return nil
	})
}

// blame computes the micro-batches of a step that diverged once more, and tells where the first number came about that isn't finite, and in which rows
// of the dataset.
func (s *Stepper) blame() string {
	random := s.random
	if s.ranks != nil {
		random.Step += uint64(s.ranks.Rank() * len(s.batches))
	}
	for _, b := range s.batches {
		p := s.passFor(b)
		p.inputs.fill(b)
		p.machine.SetRandom(random)
		random.Step++
		found, err := p.machine.FindNotFinite()
		if err != nil || found == nil {
			continue
		}
		where := found.String()
		var rows []string
		for _, r := range found.Rows(b.Rows) {
			if r < b.Filled {
				rows = append(rows, fmt.Sprint(b.Indices[r]+1))
			}
		}
		if n := len(rows); n > maxBlamed {
			rows = append(slices.Clip(rows[:maxBlamed]), fmt.Sprintf("and %d more", n-maxBlamed))
		}
		if len(rows) > 0 {
			where += ", in row " + strings.Join(rows, ", ") + " of the data"
		}
		return where
	}
	return ""
}

// maxBlamed is how many rows are named.
const maxBlamed = 8

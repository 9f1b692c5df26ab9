package train

import (
	"fmt"
	"os"
	"path/filepath"
)

// smallerIsBetter are the figures of which the smaller is the better; of others it is the greater.
var smallerIsBetter = map[string]bool{"loss": true, "perplexity": true, "mse": true, "mae": true}

// rank notes whether an evaluation is the best so far by the configuration's metric.
func (t *Trainer) rank(e Evaluation, step int) error {
	name := t.config.BestMetric
	if name == "" {
		name = "loss"
	}
	value := e.Loss
	if name != "loss" && name != "perplexity" {
		var ok bool
		if value, ok = e.Figures.Get(name); !ok {
			var known []string
			for _, f := range e.Figures {
				known = append(known, f.Name)
			}
			return fmt.Errorf("train: evaluations have no figure %q, expected loss or one of %q", name, known)
		}
	}
	best := t.state.Best
	if best == nil || smallerIsBetter[name] && value < *best || !smallerIsBetter[name] && value > *best {
		t.state.Best, t.state.BestStep, t.state.Worse = &value, step, 0
		return nil
	}
	t.state.Worse++
	return nil
}

// lostPatience tells whether too many evaluations in a row were no better.
func (t *Trainer) lostPatience() bool {
	return t.config.Patience > 0 && t.state.Worse >= t.config.Patience
}

// path returns the directory of a step's checkpoint.
func (s *store) path(step int) string {
	return filepath.Join(s.dir, fmt.Sprintf("%s%d", checkpointPrefix, step))
}

// copyModel copies the files of a checkpoint's model, which are all but the state of the run.
func copyModel(to, checkpoint string) error {
	names, err := filesOf(checkpoint)
	if err != nil {
		return err
	}
	for _, name := range names {
		if name == StateName || name == optimizerName {
			continue
		}
		path := filepath.Join(to, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		if err := copyFile(path, filepath.Join(checkpoint, filepath.FromSlash(name))); err != nil {
			return err
		}
	}
	return nil
}

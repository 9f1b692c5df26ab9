package task

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/train"
)

// RolloutsName is the file of a run directory that keeps what was sampled, and roundName the file of a checkpoint that holds samples which later
// steps learn from.
const (
	RolloutsName = "rollouts.jsonl"
	roundName    = "round.json"
)

// A Rollout is a line of the samples of a run.
type Rollout struct {
	Step      int                 `json:"step"` // the first that learns from it
	Prompt    string              `json:"prompt"`
	Answer    string              `json:"answer"`
	Episode   string              `json:"episode,omitempty"` // of an environment, of which the answer is the last turn
	Expected  string              `json:"expected,omitempty"`
	Tokens    int                 `json:"tokens"`
	Ended     bool                `json:"ended"`
	Rewards   map[string]*float64 `json:"rewards"` // null where a checker doesn't judge
	Reward    *float64            `json:"reward"`
	Advantage float64             `json:"advantage"`
}

// samplesFile appends to the samples of a run.
type samplesFile struct{ dir string }

// number is nil for no number.
func number(v float64) *float64 {
	if math.IsNaN(v) {
		return nil
	}
	return &v
}

// add writes what a round came to.
func (f samplesFile) add(step int, names []string, samples []reward.Sample, sums []float64, by [][]float64, advantages []float64) (err error) {
	var out bytes.Buffer
	lines := json.NewEncoder(&out)
	lines.SetEscapeHTML(false)
	for i, s := range samples {
		line := Rollout{
			Step: step, Prompt: s.Prompt, Answer: s.Answer, Episode: s.Episode, Expected: s.Expected, Tokens: s.Tokens, Ended: s.Ended, Rewards: map[string]*float64{},
			Reward: number(sums[i]), Advantage: advantages[i],
		}
		for k, name := range names {
			line.Rewards[name] = number(by[k][i])
		}
		if err := lines.Encode(line); err != nil {
			return err
		}
	}
	file, err := os.OpenFile(filepath.Join(f.dir, RolloutsName), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("task: samples: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = file.Write(out.Bytes())
	return err
}

// sync brings what was added to the disk.
func (f samplesFile) sync() error {
	file, err := os.OpenFile(filepath.Join(f.dir, RolloutsName), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("task: samples: %w", err)
	}
	return errors.Join(file.Sync(), file.Close())
}

// cut drops samples of later steps than so many, and what was written in part.
func (f samplesFile) cut(steps int) error {
	path := filepath.Join(f.dir, RolloutsName)
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("task: samples: %w", err)
	}
	keep := 0
	for line := range bytes.Lines(raw) {
		var at struct{ Step int }
		if line[len(line)-1] != '\n' || json.Unmarshal(line, &at) != nil || at.Step > steps {
			break
		}
		keep += len(line)
	}
	if keep == len(raw) {
		return nil
	}
	return atomicfile.WriteBytes(path, raw[:keep])
}

// roundState is what a checkpoint in the middle of a round holds.
type roundState struct {
	Round   int            `json:"round"`
	Drawn   []prefer.Drawn `json:"drawn"`
	Figures train.Figures  `json:"figures"`
}

// Save writes the samples that steps after so many learn from.
func (r *rollouts) Save(dir string, steps int) error {
	if err := r.log.sync(); err != nil {
		return err
	}
	if steps%r.steps() == 0 {
		return nil
	}
	raw, err := json.Marshal(roundState{r.round, r.drawn, r.figures})
	if err != nil {
		return err
	}
	return atomicfile.WriteBytes(filepath.Join(dir, roundName), raw)
}

// Restore goes back to where a checkpoint stands.
func (r *rollouts) Restore(dir string, steps int) error {
	r.round = -1
	if err := r.log.cut(steps); err != nil || steps%r.steps() == 0 {
		return err
	}
	raw, err := os.ReadFile(filepath.Join(dir, roundName))
	if err != nil {
		return fmt.Errorf("task: samples: %w", err)
	}
	var s roundState
	if err := json.Unmarshal(raw, &s); err != nil {
		return fmt.Errorf("task: samples: %s: %w", filepath.Join(dir, roundName), err)
	}
	if len(s.Drawn) != r.samples() || s.Round != steps/r.steps() {
		return fmt.Errorf("task: samples: %s holds %d samples of round %d, expected %d of %d; batch sizes are to be those of the run",
			filepath.Join(dir, roundName), len(s.Drawn), s.Round, r.samples(), steps/r.steps())
	}
	r.round, r.drawn, r.figures = s.Round, s.Drawn, s.Figures
	return nil
}

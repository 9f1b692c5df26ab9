package train

import (
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/internal/runlog"
)

// SpikesName is the file of a run's directory that has a line of Spike for each step that leaps, and each that was left out or ended the run since its
// loss or gradients weren't finite.
const SpikesName = "spikes.jsonl"

// A Spike is a step that leaps: its loss, or the norm of its gradients, is far above what it was in the last 64 steps before it. Far is above their median
// by six standard deviations, which are told from their median absolute deviation so that earlier spikes count for little, and by a twentieth of the
// median of losses, or the whole median of norms. The first 16 steps of a run are none. Steps that weren't made have an Error and no figures.
type Spike struct {
	Step      int        `json:"step"`
	Leaps     []string   `json:"leaps,omitempty"` // loss, grad_norm or both
	Loss      float64    `json:"loss,omitempty"`
	UsualLoss float64    `json:"usual_loss,omitempty"` // the median before the step
	GradNorm  float64    `json:"grad_norm,omitempty"`
	UsualNorm float64    `json:"usual_grad_norm,omitempty"`
	Error     string     `json:"error,omitempty"` // what wasn't finite
	Rows      []SpikeRow `json:"rows,omitempty"`  // that the step learned from, the one with the highest loss first
	MoreRows  int        `json:"more_rows,omitempty"`
}

// String tells what leaps.
func (s Spike) String() string {
	if s.Error != "" {
		return s.Error
	}
	var parts []string
	for _, what := range s.Leaps {
		if what == lossKey {
			parts = append(parts, fmt.Sprintf("the loss leaps to %.4g, usual is %.4g", s.Loss, s.UsualLoss))
		} else {
			parts = append(parts, fmt.Sprintf("the norm of the gradients leaps to %.4g, usual is %.4g", s.GradNorm, s.UsualNorm))
		}
	}
	return strings.Join(parts, "; ")
}

// A SpikeWatcher is a Callback that is also told of spikes, before Step.
type SpikeWatcher interface {
	Callback
	Spiked(s Spike) error
}

// The rule of spikes.
const (
	spikeWindow     = 64 // steps that tell what is usual
	spikeLeast      = 16 // steps that must have been before
	spikeDeviations = 6
	spikeLossShare  = 0.05 // of the median that a loss is at least above it
	spikeNormShare  = 1
	deviation       = 1.4826 // standard deviations in a median absolute deviation, of a normal distribution
)

// mostSpikes is how many a run writes down, the steps that weren't made aside.
const mostSpikes = 1000

// Recent is what State keeps of the last steps, to tell spikes by.
type Recent struct {
	Losses []float64 `json:"losses"`
	Norms  []float64 `json:"grad_norms"`
	Spikes int       `json:"spikes,omitempty"` // of the run so far
}

// look tells what leaps in a step, and what is usual, and takes the step in.
func (r *Recent) look(s *Spike) {
	if len(r.Losses) >= spikeLeast && len(r.Norms) == len(r.Losses) {
		var leaps bool
		if leaps, s.UsualLoss = leap(s.Loss, r.Losses, spikeLossShare); leaps {
			s.Leaps = append(s.Leaps, lossKey)
		}
		if leaps, s.UsualNorm = leap(s.GradNorm, r.Norms, spikeNormShare); leaps {
			s.Leaps = append(s.Leaps, normKey)
		}
	}
	r.Losses, r.Norms = pushed(r.Losses, s.Loss), pushed(r.Norms, s.GradNorm)
}

// pushed appends a value and drops the oldest beyond the window, within the memory that there is.
func pushed(values []float64, v float64) []float64 {
	if len(values) >= spikeWindow {
		copy(values, values[len(values)-spikeWindow+1:])
		values = values[:spikeWindow-1]
	}
	return append(values, v)
}

// leap tells whether a value is far above those before it, and their median.
func leap(v float64, before []float64, share float64) (leaps bool, usual float64) {
	var room [spikeWindow]float64
	sorted := append(room[:0], before[max(0, len(before)-spikeWindow):]...)
	slices.Sort(sorted)
	usual = sorted[len(sorted)/2]
	for i, x := range sorted {
		sorted[i] = math.Abs(x - usual)
	}
	slices.Sort(sorted)
	spread := deviation * sorted[len(sorted)/2]
	return v-usual > max(spikeDeviations*spread, share*math.Abs(usual)), usual
}

// openSpikes opens the spikes of a run for writing, and drops those of steps that are made again.
func (t *Trainer) openSpikes() (err error) {
	t.spikes, err = runlog.NewAppender(filepath.Join(t.config.Dir, SpikesName), int64(t.state.Step)+1)
	return err
}

// watch writes the step that was made down if it leaps.
func (t *Trainer) watch(r StepResult) error {
	s := Spike{Step: t.state.Step, Loss: r.Loss, GradNorm: r.GradNorm}
	if t.state.Recent == nil {
		t.state.Recent = &Recent{Losses: make([]float64, 0, spikeWindow), Norms: make([]float64, 0, spikeWindow)}
	}
	t.state.Recent.look(&s)
	if len(s.Leaps) == 0 || t.state.Recent.Spikes >= mostSpikes {
		return nil
	}
	t.state.Recent.Spikes++
	return t.spiked(s)
}

// spiked adds its rows to a spike and writes it.
func (t *Trainer) spiked(s Spike) error {
	if err := t.addRows(&s); err != nil {
		return err
	}
	if t.spikes != nil {
		if err := t.spikes.Append(s); err != nil {
			return fmt.Errorf("train: %w", err)
		}
	}
	return t.tell(func(c Callback) error {
		if w, ok := c.(SpikeWatcher); ok {
			return w.Spiked(s)
		}
		return nil
	})
}

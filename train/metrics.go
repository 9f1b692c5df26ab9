package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// MetricsName is the file of a run's directory that has a line of Metrics for each logged step.
const MetricsName = "metrics.jsonl"

// Metrics are the figures of a step.
type Metrics struct {
	Step            int     `json:"step"`              // counted from 1
	Loss            float64 `json:"loss"`              // of this step's targets, before its update
	GradNorm        float64 `json:"grad_norm"`         // before clipping
	LearningRate    float64 `json:"learning_rate"`     // of this step
	Tokens          int64   `json:"tokens"`            // targets learned from since the start of the run
	TokensPerSecond float64 `json:"tokens_per_second"` // targets a second in the steps since the last line, evaluations and saving left out
	// What an evaluation after this step found; nil where there was none or it doesn't have the figure. See Evaluation.
	EvalLoss     *float64 `json:"eval_loss,omitempty"`
	EvalAccuracy *float64 `json:"eval_accuracy,omitempty"`
	EvalMSE      *float64 `json:"eval_mse,omitempty"`
	EvalPearson  *float64 `json:"eval_pearson,omitempty"`
	EvalBalance  *float64 `json:"eval_balance,omitempty"`
}

// metricsFile appends lines of metrics.
type metricsFile struct{ file *os.File }

// openMetrics opens the metrics of a run for writing, and drops the lines of later steps than
// step: those of a part of the run that is now done again.
func openMetrics(dir string, step int) (*metricsFile, error) {
	path := filepath.Join(dir, MetricsName)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	if keep := linesUpTo(old, step); len(keep) < len(old) {
		if err := atomicfile.WriteBytes(path, keep); err != nil {
			return nil, fmt.Errorf("train: metrics: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	return &metricsFile{f}, nil
}

// linesUpTo returns the whole lines of at most a step at the start of lines.
func linesUpTo(lines []byte, step int) []byte {
	end := 0
	for {
		n := bytes.IndexByte(lines[end:], '\n')
		if n < 0 {
			return lines[:end]
		}
		var m Metrics
		if json.Unmarshal(lines[end:end+n], &m) != nil || m.Step > step {
			return lines[:end]
		}
		end += n + 1
	}
}

// write appends a line, in one write so that a kill leaves no half of one but the last.
func (f *metricsFile) write(m Metrics) error {
	line, err := json.Marshal(m)
	if err != nil {
		return fmt.Errorf("train: metrics: %w", err)
	}
	if _, err := f.file.Write(append(line, '\n')); err != nil {
		return fmt.Errorf("train: metrics: %w", err)
	}
	return nil
}

// sync makes the lines durable.
func (f *metricsFile) sync() error {
	if err := f.file.Sync(); err != nil {
		return fmt.Errorf("train: metrics: %w", err)
	}
	return nil
}

func (f *metricsFile) close() error { return f.file.Close() }

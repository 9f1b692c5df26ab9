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

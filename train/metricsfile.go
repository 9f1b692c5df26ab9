package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// metricsFile appends lines of metrics.
type metricsFile struct {
	file *os.File
	sum  FileSum // of what is in it
}

// openMetrics opens the metrics of a run for writing, and drops the lines of later steps than
// step: those of a part of the run that is now done again. What was there when the checkpoint was written that the run
// goes on from, as saved tells, stays as it is; nil where that isn't known.
func openMetrics(dir string, step int, saved *FileSum) (*metricsFile, error) {
	path := filepath.Join(dir, MetricsName)
	old, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	sure := 0
	if saved != nil && saved.Size <= int64(len(old)) {
		sure = int(saved.Size)
	}
	keep := old[:sure+len(linesUpTo(old[sure:], step))]
	if len(keep) < len(old) {
		if err := atomicfile.WriteBytes(path, keep); err != nil {
			return nil, fmt.Errorf("train: metrics: %w", err)
		}
	}
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("train: metrics: %w", err)
	}
	return &metricsFile{f, FileSum{int64(len(keep)), crc32.Checksum(keep, castagnoli)}}, nil
}

// checkMetrics compares the metrics of a run with what they were when a checkpoint was written; lines that came after it don't matter.
func checkMetrics(dir string, saved *FileSum) error {
	if saved == nil {
		return nil
	}
	raw, err := os.ReadFile(filepath.Join(dir, MetricsName))
	if err != nil {
		return fmt.Errorf("train: metrics: %w", err)
	}
	if int64(len(raw)) < saved.Size {
		return fmt.Errorf("train: %s has %d bytes, and had %d when the checkpoint was written", MetricsName, len(raw), saved.Size)
	}
	if got := crc32.Checksum(raw[:saved.Size], castagnoli); got != saved.CRC32C {
		return fmt.Errorf("train: %s was changed since the checkpoint was written: its first %d bytes have the checksum %08x, had %08x", MetricsName, saved.Size, got, saved.CRC32C)
	}
	return nil
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
	line = append(line, '\n')
	if _, err := f.file.Write(line); err != nil {
		return fmt.Errorf("train: metrics: %w", err)
	}
	f.sum.Size += int64(len(line))
	f.sum.CRC32C = crc32.Update(f.sum.CRC32C, castagnoli, line)
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

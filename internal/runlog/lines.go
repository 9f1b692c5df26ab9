// Package runlog reads and writes what a run tells of itself: files of one JSON object a line, each with the step that it is of. The last line
// of a run that was killed may be cut short, and the lines of a run that goes on from a checkpoint come again; readers get the whole lines of
// the run as it went on.
package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/internal/atomicfile"
)

// stepped is what all lines have.
type stepped struct {
	Step *int64 `json:"step"`
}

// mostLine is the most bytes of a line; longer ones are damaged.
const mostLine = 1 << 24

// Damage counts lines that couldn't be read.
type Damage struct {
	Lines int // how many
	First int // the number of the first, from 1
}

// note adds a line.
func (d *Damage) note(line int) {
	if d.Lines++; d.First == 0 {
		d.First = line
	}
}

// ReadLines reads the lines of a file of T, each of which has a step. Of lines whose step isn't above the one before, those before are
// dropped: the run went on from an earlier checkpoint. A file that isn't there has no lines. Several lines may have one step where
// repeated says so; then only a lower step drops lines.
func ReadLines[T any](path string, repeated bool) (lines []T, damage Damage, err error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, damage, nil
	}
	if err != nil {
		return nil, damage, fmt.Errorf("runlog: %w", err)
	}
	var steps []int64
	for number := 1; len(raw) > 0; number++ {
		line, rest, whole := bytes.Cut(raw, []byte{'\n'})
		raw = rest
		var s stepped
		var one T
		if !whole || len(line) > mostLine || json.Unmarshal(line, &s) != nil || s.Step == nil || json.Unmarshal(line, &one) != nil {
			damage.note(number)
			continue
		}
		n := len(steps)
		for n > 0 && (steps[n-1] > *s.Step || steps[n-1] == *s.Step && !repeated) {
			n--
		}
		steps, lines = append(steps[:n], *s.Step), append(lines[:n], one)
	}
	return lines, damage, nil
}

// An Appender writes lines to a file. It makes the file with its first line.
type Appender struct {
	path string
	file *os.File
}

// NewAppender returns an appender to a file of which the lines of steps from first on, and what isn't a line, are dropped: they belong to
// a part of the run that is made again.
func NewAppender(path string, first int64) (*Appender, error) {
	a := &Appender{path: path}
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, fmt.Errorf("runlog: %w", err)
	}
	if kept := linesBefore(old, first); len(kept) < len(old) {
		if err := atomicfile.WriteBytes(path, kept); err != nil {
			return nil, fmt.Errorf("runlog: %w", err)
		}
	}
	return a, nil
}

// linesBefore returns the whole lines of steps before first that lines begin with.
func linesBefore(lines []byte, first int64) []byte {
	end := 0
	for {
		n := bytes.IndexByte(lines[end:], '\n')
		if n < 0 {
			return lines[:end]
		}
		var s stepped
		if json.Unmarshal(lines[end:end+n], &s) != nil || s.Step == nil || *s.Step >= first {
			return lines[:end]
		}
		end += n + 1
	}
}

// Append writes a line, in one write, so that a kill leaves no half of one but the last.
func (a *Appender) Append(line any) error {
	raw, err := json.Marshal(line)
	if err != nil {
		return fmt.Errorf("runlog: %s: %w", filepath.Base(a.path), err)
	}
	if a.file == nil {
		if a.file, err = os.OpenFile(a.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644); err != nil {
			return fmt.Errorf("runlog: %w", err)
		}
	}
	if _, err := a.file.Write(append(raw, '\n')); err != nil {
		return fmt.Errorf("runlog: %w", err)
	}
	return nil
}

// Close closes the file.
func (a *Appender) Close() error {
	if a.file == nil {
		return nil
	}
	err := a.file.Close()
	a.file = nil
	return err
}

// readFrom returns what a file holds from an offset on.
func readFrom(f *os.File, offset int64) ([]byte, error) {
	if _, err := f.Seek(offset, io.SeekStart); err != nil {
		return nil, err
	}
	return io.ReadAll(f)
}

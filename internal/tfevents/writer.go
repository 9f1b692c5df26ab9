package tfevents

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// filePrefix begins the name of each event file; TensorBoard reads those of a directory in the order of their names.
const filePrefix = "events.out.tfevents."

// fileVersion is that of files in which a start of a session drops what comes again.
const fileVersion = "brain.Event:2"

// A Writer writes an event file. Each call writes once, so that a kill leaves no half of an event but the last.
type Writer struct {
	file *os.File
	now  func() time.Time
	buf  []byte
}

// Create starts an event file in a directory, behind those that it has, for a run whose next step is first. Readers drop what older files
// have of that step and later ones.
func Create(dir string, first int64) (*Writer, error) {
	w := &Writer{now: time.Now}
	seconds := w.now().Unix()
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("tfevents: %w", err)
	}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), filePrefix)
		if number, _, _ := strings.Cut(rest, "."); ok {
			if before, err := strconv.ParseInt(number, 10, 64); err == nil && before >= seconds && before < seconds+1<<20 {
				seconds = before + 1
			}
		}
	}
	host, _ := os.Hostname()
	path := filepath.Join(dir, fmt.Sprintf("%s%d.%s.%d.0", filePrefix, seconds, strings.ReplaceAll(host, string(filepath.Separator), "_"), os.Getpid()))
	if w.file, err = os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644); err != nil {
		return nil, fmt.Errorf("tfevents: %w", err)
	}
	return w, w.begin(first)
}

// begin writes the version and the start of a session.
func (w *Writer) begin(first int64) error {
	start := appendInt(nil, sessionStatus, sessionStart)
	w.buf = appendRecord(w.buf[:0], event(w.time(), 0, eventVersion, []byte(fileVersion)))
	w.buf = appendRecord(w.buf, event(w.time(), first, eventSessionLog, start))
	return w.flush()
}

// time returns the seconds since 1970.
func (w *Writer) time() float64 { return float64(w.now().UnixMicro()) / 1e6 }

// Write writes values of a step.
func (w *Writer) Write(step int64, values ...Value) error {
	w.buf = appendRecord(w.buf[:0], summary(w.time(), step, values))
	return w.flush()
}

func (w *Writer) flush() error {
	if _, err := w.file.Write(w.buf); err != nil {
		return fmt.Errorf("tfevents: %w", err)
	}
	return nil
}

// Close closes the file.
func (w *Writer) Close() error { return w.file.Close() }

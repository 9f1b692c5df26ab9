package track

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

// TestNothingWaits looks at the files after each call, as a kill would leave them: all that was told is there, but for lines of the system, of which there
// is one a second.
func TestNothingWaits(t *testing.T) {
	dir := t.TempDir()
	size := func(pattern string) (n int64) {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		for _, f := range files {
			info, failed := os.Stat(f)
			if failed != nil || err != nil {
				t.Fatal(errors.Join(err, failed))
			}
			n += info.Size()
		}
		return n
	}
	table, board, journal, inside := NewCSV(dir), NewTensorBoard(dir, nil), NewJournal(dir), NewHistograms(dir)
	if err := inside.Begin(0); err != nil {
		t.Fatal(err)
	}
	before := map[string]int64{}
	for n := 1; n <= 5; n++ {
		err := errors.Join(table.Step(step(n)), board.Step(step(n)), journal.Step(step(n)), journal.Sample(n, "text"), inside.Looked(train.LookEvent{Look: look(), Step: n}))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{CSVName, "events.out.tfevents.*", runlog.SamplesName, runlog.LayersName, runlog.HistogramsName} {
			now := size(name)
			if now <= before[name] {
				t.Errorf("step %d: %s has still %d bytes", n, name, now)
			}
			before[name] = now
		}
	}
	if err := errors.Join(table.End(train.EndEvent{}), board.End(train.EndEvent{}), journal.End(train.EndEvent{}), inside.End(train.EndEvent{})); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{CSVName, runlog.SamplesName, runlog.LayersName, runlog.HistogramsName} {
		if size(name) != before[name] {
			t.Errorf("%s has grown at the end", name)
		}
	}
}

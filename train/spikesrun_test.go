package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/train"
)

// huge is the wheel with one row far away whose sector is wrong.
type huge struct {
	wheel
	row int
}

func (h huge) Fill(row data.Row, i int, jitter uint64) {
	h.wheel.Fill(row, i, jitter)
	if i == h.row {
		row.Floats("place")[0] *= 200
		row.Floats("place")[1] *= 200
		row.Ints("sector")[0] = (row.Ints("sector")[0] + 1) % 3
	}
}

// TestSpikes trains on data with a row that makes the loss leap: its step is written down with its rows, in the same bytes where the run is stopped and goes on.
func TestSpikes(t *testing.T) {
	run := func(dir string, steps int, resume bool) {
		t.Helper()
		m, c := tableRun()
		c.Dir, c.Train, c.MaxSteps, c.Schedule.MaxSteps, c.SaveSteps = dir, huge{wheel{1000}, 122}, steps, 260, 50
		c.Text = func(b *data.Batch, row int) string { return fmt.Sprintf("row %d", b.Indices[row]) }
		trainer, err := train.New(m, c)
		if err != nil {
			t.Fatal(err)
		}
		defer trainer.Close()
		if resume {
			if _, _, err := trainer.Resume(); err != nil {
				t.Fatal(err)
			}
		}
		if err := trainer.Run(context.Background()); err != nil {
			t.Fatal(err)
		}
	}
	read := func(dir string) string {
		t.Helper()
		raw, err := os.ReadFile(filepath.Join(dir, train.SpikesName))
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	dir := t.TempDir()
	run(filepath.Join(dir, "straight"), 260, false)
	want := read(filepath.Join(dir, "straight"))
	var first train.Spike
	if err := json.Unmarshal([]byte(want[:strings.IndexByte(want, '\n')]), &first); err != nil {
		t.Fatal(err)
	}
	named := false
	for _, r := range first.Rows {
		named = named || r.Row == 123 && r.Text == "row 122"
	}
	if !named || len(first.Leaps) == 0 || first.Loss < first.UsualLoss {
		t.Errorf("the first spike is %+v, expected one with row 123", first)
	}
	for _, stop := range []int{first.Step - 1, first.Step, first.Step + 1} {
		parts := filepath.Join(dir, fmt.Sprint(stop))
		run(parts, stop, false)
		run(parts, 260, true)
		if got := read(parts); got != want {
			t.Errorf("stopped behind step %d:\n%s\nexpected\n%s", stop, got, want)
		}
	}
	// A run that was killed behind a spike has made steps that come again.
	last := filepath.Join(dir, "straight", "checkpoint-260")
	if err := os.RemoveAll(last); err != nil {
		t.Fatal(err)
	}
	run(filepath.Join(dir, "straight"), 260, true)
	if got := read(filepath.Join(dir, "straight")); got != want {
		t.Errorf("killed:\n%s\nexpected\n%s", got, want)
	}
}

package train_test

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
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

// spikeRun makes steps of a run on data with a row that makes the loss leap, and returns its spikes.
func spikeRun(t *testing.T, dir string, steps int, resume bool, change func(c *train.Config)) string {
	t.Helper()
	m, c := tableRun()
	c.Dir, c.Train, c.MaxSteps, c.Schedule.MaxSteps, c.SaveSteps = dir, huge{wheel{1000}, 122}, steps, 260, 50
	c.Text = func(b *data.Batch, row int) string { return fmt.Sprintf("row %d", b.Indices[row]) }
	c.Place = func(b *data.Batch, row int) string { return fmt.Sprintf("wheel:%d", b.Indices[row]+1) }
	change(&c)
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
		t.Error(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, train.SpikesName))
	if err != nil && (c.Ranks == nil || c.Ranks.Rank() == 0) && steps == 260 {
		t.Error(err)
	}
	return string(raw)
}

// spikesOf parses the lines of spikes.
func spikesOf(t *testing.T, lines string) (all []train.Spike) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var s train.Spike
		if err := json.Unmarshal([]byte(line), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) == 0 {
		t.Fatal("no step leaps")
	}
	return all
}

// TestSpikes trains on data with a row that makes the loss leap: its step is written down with its rows, that one first, in the same bytes where the run is
// stopped and goes on.
func TestSpikes(t *testing.T) {
	dir := t.TempDir()
	same := func(*train.Config) {}
	straight := filepath.Join(dir, "straight")
	want := spikeRun(t, straight, 260, false, same)
	all := spikesOf(t, want)
	first := all[0]
	if r := first.Rows[0]; r.Row != 123 || r.Text != "row 122" || r.Place != "wheel:123" || r.Loss == nil || *r.Loss < first.Loss || len(first.Leaps) == 0 || first.Loss < first.UsualLoss {
		t.Errorf("the first spike is %+v, expected row 123 first", first)
	}
	for _, s := range all {
		mean := 0.0
		for i, r := range s.Rows {
			mean += *r.Loss / float64(len(s.Rows))
			if i > 0 && *r.Loss > *s.Rows[i-1].Loss {
				t.Errorf("step %d: row %d has a higher loss than the one before it", s.Step, r.Row)
			}
		}
		if math.Abs(mean-s.Loss) > 1e-5*s.Loss {
			t.Errorf("step %d: the losses of the rows have the mean %g, that of the step is %g", s.Step, mean, s.Loss)
		}
	}
	for _, stop := range []int{first.Step - 1, first.Step, first.Step + 1} {
		parts := filepath.Join(dir, fmt.Sprint(stop))
		spikeRun(t, parts, stop, false, same)
		if got := spikeRun(t, parts, 260, true, same); got != want {
			t.Errorf("stopped behind step %d:\n%s\nexpected\n%s", stop, got, want)
		}
	}
	// A run that was killed behind a spike has made steps that come again.
	if err := os.RemoveAll(filepath.Join(straight, "checkpoint-260")); err != nil {
		t.Fatal(err)
	}
	if got := spikeRun(t, straight, 260, true, same); got != want {
		t.Errorf("killed:\n%s\nexpected\n%s", got, want)
	}
}

// TestSpikesOfRanks finds the same spikes, with the rows of all ranks, as one process with as many micro-batches does.
func TestSpikesOfRanks(t *testing.T) {
	dir := t.TempDir()
	want := spikeRun(t, filepath.Join(dir, "one"), 260, false, func(c *train.Config) { c.Accumulation = 2 })
	if first := spikesOf(t, want)[0]; len(first.Rows) != 2*train.DefaultConfig().BatchSize || first.Rows[0].Row != 123 {
		t.Errorf("the first spike is %+v, expected row 123 first of two micro-batches", first)
	}
	var together sync.WaitGroup
	for _, r := range train.LocalRanks(2) {
		together.Go(func() { spikeRun(t, filepath.Join(dir, "two"), 260, false, func(c *train.Config) { c.Ranks = r }) })
	}
	together.Wait()
	if got, err := os.ReadFile(filepath.Join(dir, "two", train.SpikesName)); err != nil || string(got) != want {
		t.Errorf("two ranks: %v\n%s\nexpected\n%s", err, got, want)
	}
}

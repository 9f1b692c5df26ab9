package train_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/train"
)

// spoiled is the wheel with one row whose place is no number.
type spoiled struct {
	wheel
	row int
}

func (s spoiled) Fill(row data.Row, i int, jitter uint64) {
	s.wheel.Fill(row, i, jitter)
	if i == s.row {
		row.Floats("place")[1] = float32(math.NaN())
	}
}

// skips keeps what a run says of steps that it left out.
type skips struct {
	train.Silent
	events []train.SkipEvent
}

func (s *skips) Skipped(e train.SkipEvent) error {
	s.events = append(s.events, e)
	return nil
}

// TestBadRow trains on data of which one row can't be learned, without leave to skip steps, with it, and stopped and gone on with in between.
func TestBadRow(t *testing.T) {
	run := func(dir string, limit, steps int, resume bool) (*skips, train.Model, error) {
		m, c := tableRun()
		c.Dir, c.Train, c.MaxSteps, c.SkipBadSteps, c.Schedule.MaxSteps = dir, spoiled{wheel{1000}, 122}, steps, limit, 260
		c.SaveSteps = 50
		s := &skips{}
		c.Callbacks = []train.Callback{s}
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
		return s, m, trainer.Run(context.Background())
	}
	dir := t.TempDir()
	_, _, err := run(filepath.Join(dir, "stops"), 0, 260, false)
	if !errors.Is(err, train.ErrDiverged) || !strings.Contains(err.Error(), "near hidden.weight gave NaN, in row 123 of the data") {
		t.Errorf("got error %v", err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "stops", train.SpikesName))
	if err != nil {
		t.Fatal(err)
	}
	if s := spikesOf(t, string(raw)); !s[len(s)-1].Rows[0].NotFinite || s[len(s)-1].Rows[0].Row != 123 || s[len(s)-1].Rows[1].NotFinite {
		t.Errorf("the step that ended the run is noted as %+v, expected row 123 first", s[len(s)-1])
	}
	whole, straight, err := run(filepath.Join(dir, "whole"), 5, 260, false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(whole.events); n < 2 || whole.events[n-1].Skipped != n || whole.events[n-1].Limit != 5 {
		t.Errorf("told %+v", whole.events)
	}
	if _, _, err := run(filepath.Join(dir, "parts"), 5, 150, false); err != nil {
		t.Fatal(err)
	}
	_, resumed, err := run(filepath.Join(dir, "parts"), 5, 260, true)
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range straight.Params() {
		a, b := p.Value().Data().([]float32), resumed.Params()[i].Value().Data().([]float32)
		for j := range a {
			if a[j] != b[j] {
				t.Fatalf("%s differs after the run was gone on with", p.Name)
			}
		}
	}
	if _, _, err := run(filepath.Join(dir, "few"), 1, 260, false); !errors.Is(err, train.ErrDiverged) || !strings.Contains(err.Error(), "1 were left out before") {
		t.Errorf("got error %v", err)
	}
}

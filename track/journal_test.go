package track

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/runlog"
	"github.com/seahorse-ml/seahorse/train"
)

func step(n int) train.StepEvent {
	return train.StepEvent{Metrics: train.Metrics{Step: n, Loss: 1}, MaxSteps: 100, Logged: true}
}

// TestJournal keeps samples and times, and drops those of steps that a run makes again.
func TestJournal(t *testing.T) {
	dir := t.TempDir()
	make := func(from, to int) {
		t.Helper()
		j := NewJournal(dir)
		for n := from; n <= to; n++ {
			if err := j.Step(step(n)); err != nil {
				t.Fatal(err)
			}
			j.last = j.last.Add(-journalPause)
			if n%10 == 0 {
				if err := j.Sample(n, strings.Repeat("x", n)); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := j.End(train.EndEvent{}); err != nil {
			t.Fatal(err)
		}
	}
	make(1, 40)
	make(26, 50) // from a checkpoint of step 25
	samples, _, err := runlog.ReadLines[runlog.Sample](filepath.Join(dir, runlog.SamplesName), false)
	if err != nil || len(samples) != 5 || samples[4].Step != 50 {
		t.Errorf("samples: %v, %v", samples, err)
	}
	system, err := runlog.ReadMetrics(filepath.Join(dir, runlog.SystemName))
	if err != nil || system.Get("time").Points() != 50 {
		t.Errorf("times of %d steps, %v, expected 50", system.Get("time").Points(), err)
	}
}

// TestJournalOfNorms adds the norms of parameters up by layers.
func TestJournalOfNorms(t *testing.T) {
	dir := t.TempDir()
	j := NewJournal(dir)
	norms := func(yield func(string, float64) bool) {
		_ = yield("h.0.attn.weight", 3) && yield("h.0.mlp.weight", 4) && yield("wte.weight", 0.5)
	}
	if err := errors.Join(j.Norms(10, norms), j.Norms(20, norms), j.End(train.EndEvent{})); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, runlog.GradientsName))
	if want := `{"gradient_norm/h.0":5,"gradient_norm/wte":0.5,"step":10}` + "\n"; err != nil || string(raw) != want {
		t.Errorf("%s, %v, expected %s: no other line within a second", raw, err, want)
	}
}

func TestJournalPauses(t *testing.T) {
	dir := t.TempDir()
	j := NewJournal(dir)
	for n := 1; n <= 100; n++ {
		if err := j.Step(step(n)); err != nil {
			t.Fatal(err)
		}
	}
	j.End(train.EndEvent{})
	raw, err := os.ReadFile(filepath.Join(dir, runlog.SystemName))
	if lines := strings.Count(string(raw), "\n"); err != nil || lines < 2 || lines > 20 {
		t.Errorf("%d lines of a hundred steps within no time, %v: expected those of the first and the last step", lines, err)
	}
}

// TestJournalOfNothing ends a run that makes no step.
func TestJournalOfNothing(t *testing.T) {
	if err := NewJournal(t.TempDir()).End(train.EndEvent{}); err != nil {
		t.Error(err)
	}
}

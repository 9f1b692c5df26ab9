package train

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// stoppedRun makes a run with a file beside its model, half of it.
func stoppedRun(t *testing.T) Config {
	t.Helper()
	c := testConfig(t)
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Dir, "tokenizer.json")
	if err := os.WriteFile(file, []byte("{}"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Files = []string{file}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
		if e.Step == 10 {
			cancel()
		}
		return nil
	}}}
	if err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(ctx); err == nil {
		t.Fatal("the run wasn't interrupted")
	}
	c.Callbacks = nil
	return c
}

// TestResumeRefusesChangedFiles changes the tokenizer of a run between two parts of it.
func TestResumeRefusesChangedFiles(t *testing.T) {
	c := stoppedRun(t)
	if err := os.WriteFile(c.Files[0], []byte("{ }"), 0o644); err != nil {
		t.Fatal(err)
	}
	_, _, err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Resume()
	if err == nil || !strings.Contains(err.Error(), "tokenizer.json is damaged, or was changed since") {
		t.Errorf("got error %v", err)
	}
}

// TestResumeTellsOfChangedMetrics damages a line that the run wrote before its checkpoint; the line stays, and it is told.
func TestResumeTellsOfChangedMetrics(t *testing.T) {
	c := stoppedRun(t)
	path := filepath.Join(c.Dir, MetricsName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[3] ^= 1
	if err := os.WriteFile(path, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	trainer := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c)
	from, _, err := trainer.Resume()
	if err != nil {
		t.Fatal(err)
	}
	if len(from.Changed) != 1 || !strings.Contains(from.Changed[0].Error(), "metrics.jsonl was changed since") {
		t.Errorf("told %v", from.Changed)
	}
	if err := trainer.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	if after, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(after), string(raw)) {
		t.Errorf("the lines that were there are gone: %v", err)
	}
}

// TestMovedDirectory takes the run's directory away while it runs, as an unmounted disk would; nothing is written into a new one.
func TestMovedDirectory(t *testing.T) {
	c := testConfig(t)
	c.Callbacks = []Callback{hooks{step: func(e StepEvent) error {
		if e.Step != 5 {
			return nil
		}
		if err := os.Rename(c.Dir, c.Dir+".away"); err != nil {
			return err
		}
		return os.Mkdir(c.Dir, 0o755)
	}}}
	err := newTestTrainer(t, newTestModel(t, tensor.Float32, 0.1), c).Run(context.Background())
	if err == nil || !strings.Contains(err.Error(), "another directory than the one that the run is in") {
		t.Errorf("got error %v", err)
	}
	if left, _ := os.ReadDir(c.Dir); len(left) != 0 {
		t.Errorf("%d files were written into the new directory", len(left))
	}
}

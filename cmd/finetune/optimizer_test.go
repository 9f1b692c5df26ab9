package main

import (
	"path/filepath"
	"testing"
)

// TestOptimizers makes some steps by each optimizer, and goes on from a checkpoint.
func TestOptimizers(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	for _, name := range []string{"adamw_8bit", "adafactor", "sgd", "lion", "muon"} {
		run := filepath.Join(dir, name)
		succeed(t, "", append([]string{"pretrain", "--data", text, "--output-dir", run, "--tokenizer=char", "--optim", name}, tiny...)...)
		var end float64
		for _, line := range readMetrics(t, run) {
			end = line["loss"]
		}
		if !(end < 4) {
			t.Errorf("%s ends with a loss of %g", name, end)
		}
	}
}

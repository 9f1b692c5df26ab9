package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestVerify damages a run's model and a checkpoint's optimizer, and asks of what is no run.
func TestVerify(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	pretrained(t, run)
	if out, _ := succeed(t, "", "verify", run); strings.Count(out, "as written\n") != 3 {
		t.Errorf("of a run with two checkpoints, verify says:\n%s", out)
	}
	for _, name := range []string{"model.safetensors", "checkpoint-10/optimizer.safetensors"} {
		raw := []byte(read(t, filepath.Join(run, name)))
		raw[len(raw)/2] ^= 8
		if err := os.WriteFile(filepath.Join(run, name), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	status, out, said := finetune(t, "", "verify", run)
	for _, want := range []string{"damaged: " + run + ": model.safetensors has", "damaged: " + filepath.Join(run, "checkpoint-10") + ": optimizer.safetensors has", "checkpoint-20: 7 files"} {
		if !strings.Contains(out, want) {
			t.Errorf("verify doesn't say %q:\n%s", want, out)
		}
	}
	if status != exitFailure || !strings.Contains(said, "2 of ") {
		t.Errorf("status %d: %s", status, said)
	}
	if status, _, said := finetune(t, "", "verify", filepath.Join(run, "checkpoint-10")); status != exitFailure || !strings.Contains(said, "1 of ") {
		t.Errorf("of the checkpoint: status %d: %s", status, said)
	}
	if status, _, said := finetune(t, "", "verify", dir); status != exitFailure || !strings.Contains(said, "neither a run nor a checkpoint") {
		t.Errorf("of no run: status %d: %s", status, said)
	}
}

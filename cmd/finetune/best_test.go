package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestBestModel stops a run that gets worse, and leaves the model of its best validation.
func TestBestModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("abc abd abe ", 40))
	held := write(t, filepath.Join(dir, "held.txt"), strings.Repeat("ebd cba dbe ", 10))
	run := filepath.Join(dir, "run")
	args := []string{"pretrain", "--data", text, "--validation-data", held, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=16", "--batch-size=8", "--max-steps=200", "--learning-rate=0.02",
		"--warmup-steps=0", "--tokenizer=char", "--eval-steps=2", "--save-steps=50", "--save-total-limit=1", "--sample-tokens=0"}
	succeed(t, "", append(args, "--output-dir", run, "--early-stopping-patience=3", "--load-best-model-at-end")...)
	metrics := readMetrics(t, run)
	last := metrics[len(metrics)-1]
	best, lowest := 0.0, 1e9
	for _, m := range metrics {
		if loss, ok := m["eval_loss"]; ok && loss < lowest {
			best, lowest = m["step"], loss
		}
	}
	if last["step"] != best+6 {
		t.Errorf("the run stopped at step %g, its best was %g; expected three validations after it", last["step"], best)
	}
	all, err := filepath.Glob(filepath.Join(run, "checkpoint-*"))
	if err != nil || len(all) != 2 {
		t.Errorf("checkpoints are %v, %v; expected the best and the last", all, err)
	}
	of := func(dir string) string {
		content, err := os.ReadFile(filepath.Join(dir, "model.safetensors"))
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}
	same := 0
	for _, c := range all {
		if of(c) == of(run) {
			same++
			if !strings.HasSuffix(c, "-"+fmt.Sprint(best)) {
				t.Errorf("the run has the model of %s, and the best step is %g", c, best)
			}
		}
	}
	if same != 1 {
		t.Errorf("the run's model is that of %d checkpoints, expected the best one's", same)
	}
	for want, more := range map[string][]string{
		"no figure \"nosuch\"":     {"--metric-for-best-model=nosuch", "--max-steps=2"},
		"need data to validate on": {"--early-stopping-patience=1", "--validation-data=", "--validation-split=0"},
	} {
		if _, _, said := finetune(t, "", append(append(args, "--output-dir", filepath.Join(dir, "no"+want[:2])), more...)...); !strings.Contains(said, want) {
			t.Errorf("%v: %s, want %q", more, said, want)
		}
	}
}

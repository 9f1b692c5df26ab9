package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestWhatWasLearnedIsApplied has eval, classify and generate take the lengths of the run that made a model, and say where they don't.
func TestWhatWasLearnedIsApplied(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, writer := newModels(t, dir)
	text := "text,label\n" + strings.Repeat("red sun red sun red sun,warm\nblue sea blue sea blue sea,cold\n", 20)
	classes := write(t, filepath.Join(dir, "c.csv"), text)
	classifier := filepath.Join(dir, "classifier")
	succeed(t, "", "sft", "--model", encoder, "--data", classes, "--objective=classification", "--seq-len=12", "--output-dir", classifier, "--max-steps=2")
	said := func(args ...string) string {
		out, said := succeed(t, "", args...)
		return out + said
	}
	learned := said("eval", "--model", classifier, "--data", classes)
	if !strings.Contains(learned, "40 texts of 40 cut to 12 tokens") || strings.Contains(learned, "length ") {
		t.Errorf("eval said %s", learned)
	}
	other := said("eval", "--model", classifier, "--data", classes, "--seq-len=40")
	if strings.Contains(other, "cut ") || !strings.Contains(other, "rows of at most 40 tokens; those of the run that made the model had at most 12") {
		t.Errorf("eval --seq-len said %s", other)
	}
	long := "red sun red sun red sun"
	if got := said("classify", "--model", classifier, "--text", long); !strings.Contains(got, `"cut":true`) {
		t.Errorf("classify gave %s", got)
	}
	if got := said("classify", "--model", classifier, "--text", long, "--seq-len=40"); strings.Contains(got, `"cut":true`) || !strings.Contains(got, "had at most 12") {
		t.Errorf("classify --seq-len gave %s", got)
	}
	pairs := write(t, filepath.Join(dir, "p.tsv"), "source\ttarget\n"+strings.Repeat("red sun red\tsun\n", 20))
	tuned := filepath.Join(dir, "tuned")
	succeed(t, "", "sft", "--model", writer, "--data", pairs, "--max-source-length=5", "--output-dir", tuned, "--max-steps=2")
	if got := said("generate", "--model", tuned, "--prompt", "red sun", "--max-new-tokens=2"); !strings.Contains(got, "1 source of 1 cut to 5 tokens, as in the run that made the model") {
		t.Errorf("generate said %s", got)
	}
}

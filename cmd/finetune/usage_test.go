package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/task"
)

// TestUsageErrors gives wrong command lines, and looks for what is to help.
func TestUsageErrors(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"pretrain --lr 3":                                         `unknown flag --lr; did you mean "--learning-rate"?`,
		"pretrain --epochs 3":                                     `did you mean "--num-train-epochs"?`,
		"sft --lerning_rate 3":                                    `did you mean "--learning-rate"?`,
		"pretrain --tokenizer bep":                                `did you mean "bpe"?`,
		"pretrain --max-steps -5":                                 "--max-steps -5: expected 1 or more",
		"pretrain --learning-rate -1e-3":                          "--learning-rate -0.001: expected 0 or more",
		"pretrain --num-train-epochs 0":                           "--num-train-epochs 0: expected more than 0",
		"sft --model m --data d --output-dir o --objective caual": `expected causal, masked, seq2seq, classification, token-classification, regression or reward; did you mean "causal"?`,
		"train":           `unknown command train; did you mean "pretrain"?`,
		"tokenizer trian": `did you mean "train"?`,
	} {
		var out bytes.Buffer
		status := execute(context.Background(), strings.Fields(line), &streams{in: strings.NewReader(""), out: &out, err: &out})
		if status != exitFailure || !strings.Contains(out.String(), want) || strings.Contains(out.String(), `""`) {
			t.Errorf("%s: status %d, %s expected %q", line, status, out.String(), want)
		}
	}
}

// TestSynonyms finds each flag and command that has synonyms, so that none stays behind when a name changes.
func TestSynonyms(t *testing.T) {
	parser, err := newParser(&commands{}, &streams{})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, command := range parser.Model.Children {
		known[command.Name] = true
		for _, f := range command.Flags {
			known["--"+f.Name] = true
		}
	}
	for name := range synonyms {
		if !known[name] {
			t.Errorf("%s is no flag and no command", name)
		}
	}
}

// TestResumeBeyondTheEnd resumes a complete run, which is fine, and lets it go on to more steps, but not to fewer than it has made.
func TestResumeBeyondTheEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text, run := filepath.Join(dir, "text.txt"), filepath.Join(dir, "run")
	write(t, text, strings.Repeat("the quick brown fox jumps over the lazy dog\n", 40))
	args := []string{"pretrain", "--data", text, "--output-dir", run, "--n-layer=1", "--n-head=1", "--n-embd=16", "--seq-len=16", "--batch-size=2", "--sample-tokens=0", "--max-steps=4"}
	for _, c := range []struct {
		args []string
		ok   bool
		want string
	}{
		{args, true, "the model is in"},
		{[]string{"resume", run}, true, "the run is already complete: all of its 4 steps are made"},
		{[]string{"resume", run, "--max-steps", "7"}, true, "step 7/7"},
		{[]string{"resume", run}, true, "all of its 7 steps are made"},
		{[]string{"resume", run, "--max-steps", "3"}, false, "--max-steps 3: the run has made 7 steps already"},
	} {
		var out bytes.Buffer
		status := execute(context.Background(), c.args, &streams{in: strings.NewReader(""), out: &out, err: &out})
		if (status == 0) != c.ok || !strings.Contains(out.String(), c.want) {
			t.Fatalf("%v: status %d\n%s\nexpected %q", c.args, status, out.String(), c.want)
		}
	}
	if options, err := os.ReadFile(filepath.Join(run, task.RunName)); err != nil || !strings.Contains(string(options), "max_steps: 7\n") {
		t.Errorf("%v, %s", err, options)
	}
}

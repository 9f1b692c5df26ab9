package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// objectiveCase is an objective with data of its own and what a model must reach on them.
type objectiveCase struct {
	objective, file, content string
	reached                  func(e measured) bool
}

// objectiveCases returns a task that can be learned in seconds for each objective that an encoder or an encoder-decoder has.
func objectiveCases() []objectiveCase {
	words := strings.Fields("the a of and to in is that it as was for on are by this")
	var classes, values, tokens, pairs strings.Builder
	classes.WriteString("text,label\n")
	pairs.WriteString("source\ttarget\n")
	for i := range 120 {
		text := fmt.Sprintf("%s %s %s", words[i%16], words[i*7%16], words[i*5%13])
		fmt.Fprintf(&classes, "\"%s\",%s\n", text, map[bool]string{true: "early", false: "late"}[i%16 < 8])
		fmt.Fprintf(&values, "{\"text\":%q,\"label\":[%d,%g]}\n", text, i%2, float64(i%16)/8-1)
		fmt.Fprintf(&tokens, "{\"tokens\":[%q,%q],\"labels\":[%q,%d]}\n", words[i%16], words[i*7%16], "first", i*7%16%2)
		fmt.Fprintf(&pairs, "%s\t%s\n", words[i%16], strings.ToUpper(words[i%16]))
	}
	accurate := func(e measured) bool { return *e.Accuracy > 0.95 }
	return []objectiveCase{ // the masked text has 8 of 60 characters, equally often
		{"masked", "text.txt", strings.Repeat("abcdefgh", 300), func(e measured) bool { return *e.Accuracy > 0.13 && *e.Perplexity < 12 }},
		{"classification", "classes.csv", classes.String(), accurate},
		{"regression", "values.jsonl", values.String(), func(e measured) bool { return *e.MSE < 0.1 && *e.Pearson > 0.8 && e.Perplexity == nil }},
		{"token-classification", "tokens.jsonl", tokens.String(), accurate},
		{"seq2seq", "pairs.tsv", pairs.String(), accurate},
	}
}

// measured is what eval --json prints, with some models' figures.
type measured struct {
	evaluated
	Accuracy, MSE, Pearson *float64
}

// newModels pretrains a BERT and a Transformer of no size, which know characters.
func newModels(t *testing.T, dir string) (encoder, writer string) {
	t.Helper()
	from := fixed(t, "models", func(dir string) {
		shape := []string{"--n-layer=1", "--n-head=2", "--n-embd=32", "--batch-size=4", "--max-steps=2", "--warmup-steps=0", "--tokenizer=char", "--validation-split=0"}
		words := write(t, filepath.Join(dir, "letters.txt"), "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ. "+strings.Repeat("the rest ", 50))
		succeed(t, "", append([]string{"pretrain", "--objective=masked", "--data", words, "--output-dir", filepath.Join(dir, "bert"), "--seq-len=48"}, shape...)...)
		all := write(t, filepath.Join(dir, "letters.jsonl"), "{\"source\":\"abcdefghijklmnopqrstuvwxyz\",\"target\":\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\"}\n"+strings.Repeat("{\"source\":\"a\",\"target\":\"A\"}\n", 9))
		succeed(t, "", append([]string{"pretrain", "--objective=seq2seq", "--data", all, "--output-dir", filepath.Join(dir, "transformer"), "--seq-len=30"}, shape...)...)
	})
	return copied(t, from, dir, "bert"), copied(t, from, dir, "transformer")
}

// TestObjectives learns each objective, measures it with eval, and goes on with a copy of the run that was cut off in its middle, without
// the data: the model must be the same to the bit.
func TestObjectives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, writer := newModels(t, dir)
	for _, c := range objectiveCases() {
		t.Run(c.objective, func(t *testing.T) {
			path, run := write(t, filepath.Join(dir, c.file), c.content), filepath.Join(dir, c.objective)
			model := encoder
			if c.objective == "seq2seq" {
				model = writer
			}
			args := []string{
				"sft", "--model", model, "--data", path, "--objective", c.objective, "--output-dir", run, "--max-steps=150", "--batch-size=16",
				"--learning-rate=3e-3", "--seq-len=24", "--eval-steps=50", "--save-steps=50", "--save-total-limit=0", "--dropout=0.1", "--label-smoothing=0.01", "--sample-tokens=9",
			}
			if c.objective != "masked" {
				args = append(args, "--group-by-length")
			}
			_, said := succeed(t, "", args...)
			if !strings.Contains(said, "150 steps") {
				t.Errorf("sft said\n%s", said)
			}
			out, _ := succeed(t, "", "eval", "--model", run, "--data", path, "--json")
			var e measured
			if err := json.Unmarshal([]byte(out), &e); err != nil || e.Objective != c.objective || e.Tokens+e.Rows == 0 || !c.reached(e) {
				t.Errorf("eval printed %s: %v", out, err)
			}
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			resumeFrom(t, run, "checkpoint-50")
		})
	}
}

// resumeFrom makes a copy of a run as it was when it had only the given checkpoint, lets it go on and compares what comes out.
func resumeFrom(t *testing.T, run, checkpoint string) {
	t.Helper()
	cut := run + "-cut"
	if err := os.CopyFS(cut, os.DirFS(run)); err != nil {
		t.Fatal(err)
	}
	later, err := filepath.Glob(filepath.Join(cut, "checkpoint-*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range append(later, filepath.Join(cut, "model.safetensors"), filepath.Join(cut, "config.json")) {
		if filepath.Base(path) == checkpoint {
			continue
		}
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	_, said := succeed(t, "", "resume", cut, "--threads=1")
	if !strings.Contains(said, "going on from "+filepath.Join(cut, checkpoint)) {
		t.Errorf("resume said\n%s", said)
	}
	for _, name := range []string{"model.safetensors", "config.json"} {
		want, err := os.ReadFile(filepath.Join(run, name))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(filepath.Join(cut, name)); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s differs from that of the run that was not cut off (%v)", name, err)
		}
	}
	lines, again := readMetrics(t, run), readMetrics(t, cut)
	for i, line := range lines {
		for _, speed := range []string{"tokens_per_second", "rows_per_second"} {
			delete(line, speed)
			delete(again[i], speed)
		}
		if fmt.Sprint(line) != fmt.Sprint(again[i]) {
			t.Errorf("line %d of metrics is %v, expected %v", i, again[i], line)
		}
	}
}

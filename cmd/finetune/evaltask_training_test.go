package main

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEvalTaskInTraining asks a model questions while it is trained: what is told, what is the best, and that a run that is resumed comes to the same.
func TestEvalTaskInTraining(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	var questions strings.Builder
	for i := range 6 {
		fmt.Fprintf(&questions, "{\"n\": \"Line %d of\", \"options\": [\" the text\", \" text the\"], \"right\": 0, \"end\": \"the text: seven times %d\"}\n", i, i)
	}
	write(t, filepath.Join(dir, "questions.jsonl"), questions.String())
	quiz := write(t, filepath.Join(dir, "Quiz 1.yaml"), "data: questions.jsonl\nquestion: '{{.n}}'\nchoices: options\nanswer: right\ndelimiter: ''\n")
	words := write(t, filepath.Join(dir, "words.yaml"), "data: questions.jsonl\nquestion: '{{.n}}'\nanswer: end\nmax_new_tokens: 8\nmetrics: [chrf]\n")
	args := []string{"pretrain", "--data", text, "--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=64", "--batch-size=4", "--warmup-steps=0", "--learning-rate=0.02", "--sample-tokens=0", "--tokenizer=char",
		"--eval-steps=10", "--save-steps=10", "--max-steps=40", "--lr-scheduler-type=constant", "--eval-task", quiz, "--eval-task", words, "--metric-for-best-model=eval_words/chrf", "--load-best-model-at-end"}
	whole, part := filepath.Join(dir, "whole"), filepath.Join(dir, "part")
	if planned, _ := succeed(t, "", append([]string{"plan"}, args...)...); !strings.Contains(planned, "for the questions of --eval-task") {
		t.Errorf("plan doesn't count the questions:\n%s", planned)
	}
	_, said := succeed(t, "", append(args, "--output-dir", whole, "--profile")...)
	for _, operation := range []string{"operation", "rows", "optimizer", "linear", "the rest"} {
		if !regexp.MustCompile(`(?m)^ *` + operation + ` `).MatchString(said) {
			t.Errorf("the profile is without %q:\n%s", operation, said)
		}
	}
	if !strings.Contains(said, "quiz 1/acc ") || strings.Contains(said, "words/chrf 0\nstep 40: saved") {
		t.Errorf("pretrain says\n%s", said)
	}
	if p := read(t, filepath.Join(whole, "provenance.json")); !strings.Contains(p, "Quiz 1.yaml") || !strings.Contains(p, "questions.jsonl") {
		t.Errorf("the provenance is without the tasks: %s", p)
	}
	succeed(t, "", append(args, "--output-dir", part, "--max-steps=20")...)
	succeed(t, "", "resume", part, "--max-steps=40")
	want, got := readMetrics(t, whole), readMetrics(t, part)
	asked := 0
	for i, m := range want {
		for _, key := range []string{"eval_quiz_1/acc", "eval_quiz_1/acc_norm", "eval_words/chrf"} {
			v, ok := m[key]
			if ok {
				asked++
			}
			if got[i][key] != v {
				t.Errorf("step %g: %s is %g in a run that was resumed, %g in one go", m["step"], key, got[i][key], v)
			}
		}
	}
	if asked != 4*3 {
		t.Errorf("%d figures of tasks, expected those of 3 at 4 validations", asked)
	}
	if read(t, filepath.Join(whole, "model.safetensors")) != read(t, filepath.Join(part, "model.safetensors")) {
		t.Error("the best models differ")
	}
	long := write(t, filepath.Join(dir, "long.yaml"), "data: questions.jsonl\nquestion: '{{.n}} "+strings.Repeat("text ", 20)+"'\nanswer: end\n")
	other := write(t, filepath.Join(dir, "quiz-1.yaml"), "data: questions.jsonl\nquestion: '{{.n}}'\nanswer: end\n")
	for want, more := range map[string][]string{
		"questions.jsonl:1: too long":            {"--eval-task", long},
		"two exams are called quiz_1":            {"--eval-task", other},
		"Examine needs data to validate on":      {"--validation-split=0"},
		"no such file":                           {"--eval-task", filepath.Join(dir, "none.yaml")},
		`no figure "words/f1", expected loss or`: {"--metric-for-best-model=words/f1"},
	} {
		if status, _, said := finetune(t, "", append(append(args, "--output-dir", filepath.Join(dir, "no"+want[:5])), more...)...); status != exitFailure || !strings.Contains(said, want) {
			t.Errorf("%v: %s, want %q", more, said, want)
		}
	}
}

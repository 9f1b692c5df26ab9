package main

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
)

// TestEvalTask asks a little model, which has learned the answers by heart, questions with choices and without.
func TestEvalTask(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("q: a b c\na: d\nq: x y z\na: w\n", 60))
	succeed(t, "", "pretrain", "--data", text, "--output-dir", run, "--n-layer=1", "--n-head=2", "--n-embd=64", "--seq-len=32", "--batch-size=8", "--max-steps=400", "--learning-rate=0.005", "--tokenizer=char",
		"--validation-split=0", "--sample-tokens=0")
	write(t, filepath.Join(dir, "q.jsonl"), `{"q": "a b c", "options": ["w", "d"], "right": 1, "text": "d"}
{"q": "x y z", "options": ["w", "d"], "right": "A", "text": ["w", "v"]}
`)
	choices := write(t, filepath.Join(dir, "choices.yaml"), "data: q.jsonl\nquestion: \"q: {{.q}}\\na:\"\nchoices: options\nanswer: right\n")
	written := write(t, filepath.Join(dir, "written.yaml"), "data: q.jsonl\nquestion: \"q: {{.q}}\\na: \"\nanswer: text\ndelimiter: ''\nmax_new_tokens: 4\nmetrics: [exact_match, chrf]\n")
	kept := filepath.Join(dir, "answers.jsonl")
	out, _ := succeed(t, "", "eval", "--model", run, "--task", choices, "--task", written, "--compare", run, "--answers", kept, "--json")
	lines := strings.Split(strings.TrimSpace(out), "\n")
	if len(lines) != 4 || lines[0] != lines[2] {
		t.Fatalf("got %d results, and of the same model %s and %s", len(lines), lines[0], lines[len(lines)-2])
	}
	for i, names := range [][]string{{"acc", "acc_norm"}, {"exact_match", "chrf"}} {
		var r struct {
			Questions int
			Metrics   map[string]struct{ Value, Low, High float64 }
		}
		if err := json.Unmarshal([]byte(lines[i]), &r); err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if m := r.Metrics[name]; r.Questions != 2 || m.Value != 1 || m.Low != 1 || m.High != 1 {
				t.Errorf("%s: %s is %+v, want 1", lines[i], name, m)
			}
		}
	}
	if n := strings.Count(read(t, kept), "\n"); n != 8 {
		t.Errorf("%d answers were kept, want 8", n)
	}
	template := write(t, filepath.Join(dir, "prompt.tmpl"), "q: {{.q}}\na:")
	other := write(t, filepath.Join(dir, "other.yaml"), "data: q.jsonl\nquestion: \"{{.missing}}\"\ndescription: nothing\nchoices: options\nanswer: right\n")
	asked, _ := succeed(t, "", "eval", "--model", run, "--task", other, "--template", template, "--json")
	if want := strings.Replace(lines[0], "choices.yaml", "other.yaml", 1); strings.TrimSpace(asked) != want {
		t.Errorf("by a template: %s, want %s", asked, want)
	}
	rows := write(t, filepath.Join(dir, "rows.csv"), "q,id\na b c,1\nx y z,2\n")
	filled, _ := succeed(t, "", "generate", "--model", run, "--template", template, "--rows", rows, "--temperature=0", "--max-new-tokens=3", "--json")
	if filled := strings.Split(strings.TrimSpace(filled), "\n"); len(filled) != 2 || !strings.Contains(filled[1], `"prompt":"q: x y z\na:"`) || !strings.Contains(filled[0], `"text":" d`) {
		t.Errorf("prompts of rows: %q", filled)
	}
	for want, args := range map[string][]string{
		"rows.csv:2: ": {"--template", write(t, filepath.Join(dir, "bad.tmpl"), "{{.none}}"), "--rows", rows}, "give both": {"--rows", rows}, "plain text, expected records": {"--template", template, "--rows", text},
	} {
		if _, _, said := finetune(t, "", append([]string{"generate", "--model", run}, args...)...); !strings.Contains(said, want) {
			t.Errorf("generate %v: %s, want %q", args, said, want)
		}
	}
	for want, args := range map[string][]string{
		"missing flags: --data=FILE|DIR|- or --task=FILE": {},
		"--task has its own data":                         {"--task", choices, "--data", text},
		"are for a --task":                                {"--data", text, "--compare", run},
	} {
		if _, _, said := finetune(t, "", append([]string{"eval", "--model", run}, args...)...); !strings.Contains(said, want) {
			t.Errorf("%v: %s, want %q", args, said, want)
		}
	}
}

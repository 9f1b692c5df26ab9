package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/task"
)

// TestPromptOptimize has a little model that answers rightly only behind a line that it knows from its text: the search finds it among others,
// says so on the questions held out, and goes on where it was stopped, to the same end.
func TestPromptOptimize(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("# a b\n% a c\n% d c\n# a b\n# d b\n% a c\n% d c\n# d b\n", 80))
	succeed(t, "", "pretrain", "--data", text, "--output-dir", run, "--n-layer=2", "--n-head=2", "--n-embd=64", "--seq-len=64", "--batch-size=16", "--max-steps=400", "--learning-rate=0.005",
		"--tokenizer=char", "--validation-split=0", "--sample-tokens=0")
	write(t, filepath.Join(dir, "q.jsonl"), strings.Repeat(`{"q": "a", "right": "b"}`+"\n"+`{"q": "d", "right": "b"}`+"\n", 6))
	file := write(t, filepath.Join(dir, "t.yaml"), "data: q.jsonl\nquestion: '{{.q}}'\nchoices: [b, c]\nanswer: right\ndescription: '% '\nseparator: ' '\n")
	ideas := write(t, filepath.Join(dir, "ideas.txt"), "%%\n#\n")
	out := filepath.Join(dir, "out")
	args := []string{"prompt", "optimize", "--model", run, "--task", file, "--instructions", ideas, "--propose=1", "--shots=1", "--sets=2", "--trials=6", "--trial-size=4", "--finalists=2", "--json"}
	said, _ := succeed(t, "", append(args, "--output-dir", out)...)
	var r task.PromptResult
	if err := json.Unmarshal([]byte(said), &r); err != nil {
		t.Fatal(err)
	}
	if r.Before.Value > 0.2 || r.After.Value < 0.8 || r.Questions != 6 || r.HeldOut != 6 || r.Trials != 6 {
		t.Errorf("found %+v", r)
	}
	log := read(t, filepath.Join(out, searchName))
	lines := strings.SplitAfter(log, "\n")
	if want := 1 + 1 + 1 + 6 + 2 + 2 + 1; len(lines) != want {
		t.Errorf("the log has %d lines, want %d:\n%s", len(lines), want, log)
	}
	again := filepath.Join(dir, "again")
	if err := os.Mkdir(again, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(again, searchName), strings.Join(lines[:6], "")+lines[6][:10]) // killed while it wrote a line
	if said, _ := succeed(t, "", append(args, "--output-dir", again)...); !strings.Contains(said, `"after":`) {
		t.Errorf("said %s", said)
	}
	for _, name := range []string{taskName, promptName, resultName} {
		if read(t, filepath.Join(again, name)) != read(t, filepath.Join(out, name)) {
			t.Errorf("%s of a search that went on is another", name)
		}
	}
	figures, _ := succeed(t, "", "eval", "--model", run, "--task", filepath.Join(out, taskName), "--json")
	if !strings.Contains(figures, `"questions":12`) {
		t.Errorf("eval of what was found says %s", figures)
	}
	fails(t, "the log of a search with other settings", append(args, "--output-dir", out, "--seed=1")...)
	fails(t, `metric "f1", the task has acc, acc_norm`, append(args, "--output-dir", filepath.Join(dir, "other"), "--metric=f1")...)
}

package main

import (
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/task"
)

// TestRewardModel learns that answers in capitals are better, whole and by an adapter, and chooses answers by it.
func TestRewardModel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, talks, _ := preferenceData(t, dir)
	for name, args := range map[string][]string{
		"texts":    {"--data", pairs, "--center-rewards-coefficient=0.01", "--group-by-length"},
		"messages": {"--data", talks},
		"lora":     {"--data", pairs, "--lora-r=8"},
	} {
		t.Run(name, func(t *testing.T) {
			run := filepath.Join(dir, name)
			succeed(t, "", append(append([]string{"sft", "--objective=reward"}, args...), "--model", base, "--output-dir", run, "--max-steps=40", "--learning-rate=3e-3", "--warmup-steps=0",
				"--logging-steps=1", "--eval-steps=20", "--seq-len=120")...)
			lines := readMetrics(t, run)
			first, last := lines[0], lines[len(lines)-1]
			if last["loss"] > first["loss"]/2 || last["eval_accuracy"] < 0.9 || last["eval_margin"] < 0.5 {
				t.Errorf("the loss went from %g to %g; validation ends with %v", first["loss"], last["loss"], last)
			}
			data := pairs
			if name == "messages" {
				data = talks
			}
			out, _ := succeed(t, "", "eval", "--model", run, "--data", data, "--json")
			var found map[string]any
			if err := json.Unmarshal([]byte(out), &found); err != nil || found["objective"] != "reward" || found["accuracy"].(float64) < 0.9 || found["rows"] != 60.0 {
				t.Errorf("eval finds %s, %v", out, err)
			}
			best(t, base, run)
		})
	}
	config := read(t, filepath.Join(dir, "texts", "config.json"))
	if !strings.Contains(config, `"LlamaForSequenceClassification"`) || !strings.Contains(config, `"LABEL_0"`) {
		t.Errorf("config.json is %s", config)
	}
	// A reward model learns on with the head that it has.
	more := filepath.Join(dir, "more")
	succeed(t, "", "sft", "--model", filepath.Join(dir, "texts"), "--data", pairs, "--output-dir", more, "--max-steps=1", "--logging-steps=1", "--seq-len=120")
	if loss := readMetrics(t, more)[0]["loss"]; loss > 0.5 {
		t.Errorf("a reward model that goes on begins with a loss of %g", loss)
	}
}

// best chooses among texts by a reward model, and looks whether the one that is shown has the greatest value.
func best(t *testing.T, base, rewards string) {
	t.Helper()
	trained, err := task.Open(rewards, task.OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := trained.Rewarder()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	out, _ := succeed(t, "", "generate", "--model", base, "--no-chat", "--prompt=say a:", "--prompt=say b:", "--max-new-tokens=4", "--best-of=4", "--reward-model", rewards, "--json")
	for line := range strings.Lines(out) {
		var found generated
		if err := json.Unmarshal([]byte(line), &found); err != nil || len(found.Rewards) != 4 {
			t.Fatalf("generate says %s, %v", line, err)
		}
		value, err := r.Rewards(context.Background(), []task.Asked{{Text: found.Prompt}}, []string{found.Text})
		if err != nil || math.Abs(value[0]-slices.Max(found.Rewards)) > 1e-5 || slices.Max(found.Rewards) == slices.Min(found.Rewards) {
			t.Errorf("of the rewards %v, the text shown has %v, %v", found.Rewards, value, err)
		}
	}
}

// TestKilledRewardIsExact kills a run of a reward model and goes on with it.
func TestKilledRewardIsExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, _, _ := preferenceData(t, dir)
	of := func(to string) []string {
		return []string{"sft", "--objective=reward", "--data", pairs, "--model", base, "--output-dir", to, "--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--eval-steps=4", "--batch-size=4",
			"--gradient-accumulation-steps=2", "--dropout=0.1", "--seq-len=120"}
	}
	want := filepath.Join(dir, "whole")
	succeed(t, "", of(want)...)
	killed := killAfter(t, 8, func(attempt string) []string { return of(want + attempt) })
	succeed(t, "", "resume", killed, "--threads=1")
	sameRun(t, "killed and resumed", killed, want)
}

// TestWrongRewards gives what can't be learned or applied, and looks for what is said of it.
func TestWrongRewards(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	base := newWriter(t, dir)
	pairs, _, judged := preferenceData(t, dir)
	bad := write(t, filepath.Join(dir, "bad.jsonl"), `{"prompt":"a","chosen":"b","rejected":"c","margin":"much"}`+"\n")
	long := write(t, filepath.Join(dir, "long.jsonl"), `{"prompt":"a","chosen":"`+strings.Repeat("b", 20)+`","rejected":"c"}`+"\n")
	train := func(data string, more ...string) []string {
		return append([]string{"sft", "--objective=reward", "--model", base, "--data", data, "--output-dir", filepath.Join(dir, "none"), "--validation-split=0", "--max-steps=1"}, more...)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{train(judged), `judged.csv:2: expected {"chosen", "rejected"}`},
		{train(bad), `bad.jsonl:1: "margin" is "much", expected a number`},
		{train(long, "--seq-len=9"), "long.jsonl:1: the prompt and an answer have 22 tokens, expected at most 9"},
		{train(pairs, "--prompt-tuning=3"), "--prompt-tuning is for texts"},
		{train(pairs, "--label-smoothing=0.1"), "--label-smoothing is for targets"},
		{train(pairs, "--center-rewards-coefficient=-1"), "expected 0 or more"},
		{train(pairs, "--truncation=left"), "for the objective causal, not for reward"},
		{[]string{"sft", "--model", base, "--data", pairs, "--output-dir", filepath.Join(dir, "none"), "--center-rewards-coefficient=0.1"}, "for --objective reward, not for causal"},
		{[]string{"generate", "--model", base, "--prompt=a", "--best-of=2"}, "--reward-model go together"},
		{[]string{"generate", "--model", base, "--prompt=a", "--best-of=2", "--reward-model", base, "--temperature=0"}, "all are the same"},
		{[]string{"generate", "--model", base, "--prompt=a", "--best-of=2", "--reward-model", base, "--max-new-tokens=2"}, "expected a reward model"},
	} {
		status, _, said := finetune(t, "", c.args...)
		if status == 0 || !strings.Contains(said, c.want) {
			t.Errorf("%v: status %d, %s\nexpected %q", c.args, status, said, c.want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "none")); err == nil {
		t.Error("a run was left behind")
	}
}

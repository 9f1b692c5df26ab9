package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// jobs are the runs that can be disturbed, by name: a command of each objective, on files below a directory.
var jobs = map[string][]string{
	"pretrain":     {"pretrain", "--data=@/text.txt", "--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=16", "--batch-size=4", "--eval-steps=3", "--dropout=0.1"},
	"lora":         {"sft", "--model=@/base", "--data=@/pairs.jsonl", "--seq-len=32", "--batch-size=4", "--eval-steps=3", "--lora-r=2", "--lora-dropout=0.1", "--validation-split=0.2"},
	"masked":       {"pretrain", "--objective=masked", "--tokenizer=char", "--data=@/text.txt", "--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=32", "--batch-size=4", "--eval-steps=3"},
	"reward":       {"sft", "--objective=reward", "--model=@/base", "--data=@/preferences.jsonl", "--seq-len=32", "--batch-size=4", "--eval-steps=3", "--validation-split=0.2"},
	"dpo":          {"dpo", "--model=@/base", "--data=@/preferences.jsonl", "--seq-len=32", "--batch-size=4", "--eval-steps=3", "--validation-split=0.2"},
	"kto":          {"kto", "--model=@/base", "--data=@/liked.jsonl", "--seq-len=32", "--batch-size=4", "--eval-steps=3", "--validation-split=0.2"},
	"distillation": {"sft", "--model=@/base", "--data=@/pairs.jsonl", "--seq-len=32", "--batch-size=4", "--eval-steps=3", "--teacher=@/base", "--validation-split=0.2"},
	"grpo": {"grpo", "--model=@/base", "--data=@/problems.jsonl", "--reward=exact", "--reward=length:4", "--max-completion-length=6", "--batch-size=4", "--num-generations=4",
		"--eval-steps=3", "--validation-split=0.2"},
}

// common are the flags of every job: four checkpoints, of which two are kept.
var common = []string{"--max-steps=12", "--save-steps=3", "--save-total-limit=2", "--warmup-steps=2", "--sample-tokens=0", "--logging-steps=1",
	"--gradient-accumulation-steps=2", "--threads=2"}

// text is what a job learns from: enough for two epochs and the end of a third.
func text() []byte {
	var b bytes.Buffer
	for i := range 120 {
		fmt.Fprintf(&b, "Line %d of a text that nobody reads twice: %x and %o.\n", i, i*i*7919, i*31)
	}
	return b.Bytes()
}

// records writes a line for each of 40 numbers.
func records(format string, values func(i int) []any) []byte {
	var b bytes.Buffer
	for i := range 40 {
		fmt.Fprintf(&b, format+"\n", values(i)...)
	}
	return b.Bytes()
}

// materials writes what the jobs learn from, and the model that all but the first begin with.
func (j *job) materials() error {
	word := func(i int) string { return []string{"even", "odd"}[i%2] }
	files := map[string][]byte{
		"text.txt":    text(),
		"pairs.jsonl": records(`{"prompt": "Line %d is", "completion": " %s"}`, func(i int) []any { return []any{i, word(i)} }),
		"preferences.jsonl": records(`{"prompt": "Line %d is", "chosen": " %s", "rejected": " %s"}`, func(i int) []any {
			return []any{i, word(i), word(i + 1)}
		}),
		"liked.jsonl":    records(`{"prompt": "Line %d is", "completion": " %s", "label": %t}`, func(i int) []any { return []any{i, word(i / 2), i%2 == i/2%2} }),
		"problems.jsonl": records(`{"prompt": "Line %d is", "answer": "%s"}`, func(i int) []any { return []any{i, word(i)} }),
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := os.WriteFile(filepath.Join(j.work, name), files[name], 0o644); err != nil {
			return err
		}
	}
	base := []string{"pretrain", "--data", filepath.Join(j.work, "text.txt"), "--output-dir", filepath.Join(j.work, "base"), "--n-layer=1", "--n-head=2", "--n-embd=16", "--seq-len=32",
		"--batch-size=4", "--max-steps=3", "--warmup-steps=0", "--sample-tokens=0"}
	if status, out := j.run(base...); status != 0 {
		return fmt.Errorf("the base ended with %d:\n%s", status, out)
	}
	return nil
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPlan tells what a run will take and leaves nothing behind.
func TestPlan(t *testing.T) {
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("Some text to learn from, line after line.\n", 400))
	args := []string{"plan", "pretrain", "--data", text, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--max-steps=300", "--tokenizer=char"}
	run := filepath.Join(dir, "run")
	out, _ := succeed(t, "", append(args, "--output-dir", run)...)
	for _, want := range []string{"data        ", "tokens      ", "0.0% of the rows is padding", "steps       300 of 4 rows", " trained, 0 frozen", "memory      ", "time        about ", " s a step"} {
		if !strings.Contains(out, want) {
			t.Errorf("plan says\n%s\nwithout %q", out, want)
		}
	}
	if _, err := os.Stat(run); !os.IsNotExist(err) {
		t.Errorf("plan left a directory: %v", err)
	}
	out, _ = succeed(t, "", append([]string{"plan", "--ranks=4"}, args[1:]...)...)
	for _, want := range []string{"steps       300 of 16 rows", "ranks       4, ", "exchange    ", "network     ", "efficiency  ", "others      ", "on 4 ranks of "} {
		if !strings.Contains(out, want) {
			t.Errorf("plan --ranks says\n%s\nwithout %q", out, want)
		}
	}
	old := freeMemory
	t.Cleanup(func() { freeMemory = old })
	freeMemory = func() (int64, bool) { return 1 << 20, true }
	args[8] = "--batch-size=64"
	status, out, said := finetune(t, "", args...)
	if status == 0 || !strings.Contains(out, "fits        ") || !strings.Contains(said, "doesn't fit into the memory") {
		t.Errorf("a run that doesn't fit: status %d\n%s%s", status, out, said)
	}
	for want, args := range map[string][]string{
		"is no command that trains": {"plan", "info", dir},
		"missing flags: --data":     {"plan", "sft", "--model", dir},
	} {
		if status, _, said := finetune(t, "", args...); status == 0 || !strings.Contains(said, want) {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
	}
}

// TestLRFind suggests a learning rate, draws a chart, and leaves nothing else behind.
func TestLRFind(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("Some text to learn from, line after line.\n", 400))
	args := []string{"--steps=60", "pretrain", "--data", text, "--n-layer=1", "--n-head=2", "--n-embd=32", "--seq-len=32", "--batch-size=4", "--tokenizer=char"}
	for _, name := range []string{"rates.svg", "rates.png"} {
		out, _ := succeed(t, "", append([]string{"lr-find", "--output", filepath.Join(dir, name)}, args...)...)
		if !strings.Contains(out, "suggested   --learning-rate 0.0") {
			t.Errorf("lr-find says\n%s", out)
		}
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 2000 {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	if left, _ := os.ReadDir(dir); len(left) != 3 {
		t.Errorf("left behind: %v", left)
	}
	for want, args := range map[string][]string{
		"lr-find: \"info\" is no command that trains": {"lr-find", "info", dir},
		"expected a name that ends in .svg or .png":   {"lr-find", "--output=rates.gif", "pretrain"},
		"range test: from 1 to 1":                     {"lr-find", "--from=1", "pretrain"},
	} {
		if status, _, said := finetune(t, "", args...); status == 0 || !strings.Contains(said, want) {
			t.Errorf("%v: status %d, %s", args, status, said)
		}
	}
}

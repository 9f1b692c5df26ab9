package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/task"
)

// TestMessyFolder learns from a folder with more than texts in it.
func TestMessyFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	folder := filepath.Join(dir, "texts")
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(folder, "a.txt"), strings.Repeat("The rays of light. ", 50))
	write(t, filepath.Join(folder, "b.txt"), strings.Repeat("caf\xe9 ", 50))
	write(t, filepath.Join(folder, "c.jpg"), "\xff\xd8\xff\x00")
	train := func(more ...string) (int, string) {
		args := append([]string{"pretrain", "--data", folder, "--output-dir", filepath.Join(dir, strings.Join(more, ""))}, tiny...)
		status, _, said := finetune(t, "", append(args, more...)...)
		return status, said
	}
	if status, said := train(); status != exitFailure || !strings.Contains(said, "2 faults:") || !strings.Contains(said, "b.txt:1: invalid UTF-8") || !strings.Contains(said, "c.jpg: binary data") {
		t.Errorf("status %d, said %q", status, said)
	}
	if status, said := train("--skip-invalid"); status != 0 || !strings.Contains(said, "left out   2 files and records that can't be read:") || !strings.Contains(said, "c.jpg: binary data") {
		t.Errorf("status %d, said %q", status, said)
	}
	for _, flags := range [][]string{{"--include=a.*"}, {"--exclude=b.txt", "--exclude=*.jpg"}} {
		if status, said := train(flags...); status != 0 {
			t.Errorf("status %d, said %q", status, said)
		}
	}
	kept := read(t, filepath.Join(dir, "--exclude=b.txt--exclude=*.jpg", task.RunName))
	if !strings.Contains(kept, "exclude:\n    - b.txt\n    - '*.jpg'\n") {
		t.Errorf("the patterns aren't kept: %s", kept)
	}
	succeed(t, "", "resume", filepath.Join(dir, "--exclude=b.txt--exclude=*.jpg"))
}

// ratesOfRun are the figures that differ from run to run.
var ratesOfRun = regexp.MustCompile(`"[a-z_]*_per_second":[0-9.]+`)

// TestMarksAndLineEnds reads prompts, a configuration and lines for a tokenizer as Windows writes them.
func TestMarksAndLineEnds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	const mark = "\xef\xbb\xbf"
	text := write(t, filepath.Join(dir, "text.txt"), mark+strings.Repeat("The rays of light.\r\n", 50))
	config := write(t, filepath.Join(dir, "config.yaml"), mark+"# of Windows\r\nmax_steps: 1\r\nsample_tokens: 0\r\nn_layer: 1\r\n")
	succeed(t, "", "pretrain", "--config", config, "--data", text, "--output-dir", run, "--n-head=1", "--n-embd=8", "--seq-len=16", "--warmup-steps=0", "--validation-split=0")
	if kept := read(t, filepath.Join(run, task.RunName)); !strings.Contains(kept, "max_steps: 1\n") || !strings.Contains(kept, "n_layer: 1\n") {
		t.Errorf("the configuration is read as %s", kept)
	}
	plain, dos := write(t, filepath.Join(dir, "plain.txt"), "The\nlight\n"), write(t, filepath.Join(dir, "dos.txt"), mark+"The\r\nlight\r\n")
	for _, args := range [][]string{
		{"generate", "--model", run, "--max-new-tokens=3", "--json", "--prompts-file"}, {"tokenizer", "encode", "--tokenizer", run, "--data"}, {"eval", "--model", run, "--json", "--data"},
	} {
		want, _ := succeed(t, "", append(args, plain)...)
		got, _ := succeed(t, "", append(args, dos)...)
		if got, want = ratesOfRun.ReplaceAllString(got, ""), ratesOfRun.ReplaceAllString(want, ""); got != want {
			t.Errorf("%s: %s, want %s", args[0], got, want)
		}
		wide := write(t, filepath.Join(dir, "wide.txt"), "\xff\xfeT\x00h\x00e\x00")
		if status, _, said := finetune(t, "", append(args, wide)...); status != exitFailure || !strings.Contains(said, "wide.txt: text is UTF-16, expected UTF-8") {
			t.Errorf("%s of UTF-16: status %d, said %q", args[0], status, said)
		}
	}
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestSeveralData learns from a folder with parts, from shares of several files, and from a pattern.
func TestSeveralData(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run, folder := filepath.Join(dir, "run"), filepath.Join(dir, "parts")
	pretrained(t, run)
	if err := os.MkdirAll(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	records := func(n int, text string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "{\"prompt\":\"Line %d\",\"completion\":\" %s\"}\n", i%10, text)
		}
		return b.String()
	}
	write(t, filepath.Join(folder, "train.jsonl"), records(40, "of the text"))
	write(t, filepath.Join(folder, "valid.jsonl"), records(3, "of it"))
	write(t, filepath.Join(folder, "test.jsonl"), records(2, "of"))
	tune := func(out string, args ...string) string {
		_, said := succeed(t, "", append([]string{"sft", "--model", run, "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0", "--output-dir", filepath.Join(dir, out)}, args...)...)
		return said
	}
	said := tune("a", "--data", folder)
	for _, want := range []string{"of the parts of the folder, train: train.jsonl", "of the parts of the folder, validation: valid.jsonl"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q isn't in %s", want, said)
		}
	}
	if want := tune("b", "--data", filepath.Join(folder, "train.jsonl"), "--validation-data", filepath.Join(folder, "valid.jsonl")); read(t, filepath.Join(dir, "a", "validation.bin")) != read(t, filepath.Join(dir, "b", "validation.bin")) {
		t.Errorf("the parts of a folder are other data than its files: %s", want)
	}
	out, _ := succeed(t, "", "eval", "--model", run, "--data", folder, "--json")
	want, _ := succeed(t, "", "eval", "--model", run, "--data", filepath.Join(folder, "test.jsonl"), "--json")
	if out != want {
		t.Errorf("eval of a folder with parts: %s, of its test %s", out, want)
	}
	other := write(t, filepath.Join(dir, "other.jsonl"), records(100, "of another"))
	said = tune("c", "--data", filepath.Join(folder, "train.jsonl")+":0.8", "--data", other+":0.2", "--validation-split=0")
	if !strings.Contains(said, "train.jsonl:0.8: 40 of 40 records are drawn") || !strings.Contains(said, "other.jsonl:0.2: 10 of 100 records are drawn") {
		t.Errorf("said %s", said)
	}
	if kept := read(t, filepath.Join(dir, "c", "run.yaml")); !strings.Contains(kept, "data:\n    - "+filepath.Join(folder, "train.jsonl")+":0.8\n") {
		t.Errorf("the data aren't kept: %s", kept)
	}
	tune("d", "--data", filepath.Join(folder, "t*.jsonl"))
}

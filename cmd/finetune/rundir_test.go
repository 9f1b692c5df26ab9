package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// names returns what is in a directory.
func names(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return strings.Join(list, " ")
}

func TestPublish(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	p, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path(runName), "x")
	write(t, p.path(tokensName), "y")
	if err := p.publish(); err != nil {
		t.Fatal(err)
	}
	p.abandon()
	if got := names(t, dir); got != "run.yaml tokens.bin" {
		t.Errorf("the run's directory holds %q", got)
	}
	if _, err := prepareRun(dir); err == nil || !strings.Contains(err.Error(), "already holds a run") {
		t.Errorf("a second run in the directory: got %v", err)
	}
}

func TestAbandonLeavesNothing(t *testing.T) {
	root := t.TempDir()
	p, err := prepareRun(filepath.Join(root, "a", "b"))
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path(tokensName), "y")
	p.abandon()
	if got := names(t, root); got != "" {
		t.Errorf("%q is left behind", got)
	}
}

func TestRunDirectoryKeepsWhatIsThere(t *testing.T) {
	for _, name := range []string{"config.json", "model.safetensors", "model-00001-of-00002.safetensors", "tokenizer.json", "metrics.jsonl", "checkpoint-10"} {
		dir := filepath.Join(t.TempDir(), "[odd]*")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), "precious")
		if _, err := prepareRun(dir); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := names(t, dir); got != name {
			t.Errorf("%s: the directory holds %q", name, got)
		}
	}
	dir := t.TempDir()
	write(t, filepath.Join(dir, "notes.txt"), "precious")
	p, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	p.abandon()
	if got := names(t, dir); got != "notes.txt" {
		t.Errorf("the directory holds %q", got)
	}
}

func TestTwoRunsInOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range []*preparation{first, second} {
		write(t, p.path(runName), p.staging)
		write(t, p.path(tokensName), p.staging)
	}
	if err := first.publish(); err != nil {
		t.Fatal(err)
	}
	if err := second.publish(); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("got %v", err)
	}
	second.abandon()
	for _, name := range []string{runName, tokensName} {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != first.staging {
			t.Errorf("%s is %q, %v: not the first run's", name, b, err)
		}
	}
}

func TestCorpusName(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "my.books")
	if err := os.Mkdir(folder, 0o777); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"-": "stdin", "/x/tinyshakespeare.txt": "tinyshakespeare", "a.txt.gz": "a", folder: "my.books", "/": "corpus", ".hidden": "corpus",
		"/go/src/testdata/Isaac.Newton-Opticks.txt": "opticks",
	} {
		if got := corpusName(path); got != want {
			t.Errorf("%s: got %q, expected %q", path, got, want)
		}
	}
}

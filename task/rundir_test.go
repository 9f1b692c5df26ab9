package task

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

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestPublish(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	p, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	write(t, p.path(RunName), "x")
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
	p, err := prepareRun(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := prepareRun(dir); err == nil || !strings.Contains(err.Error(), "another process is at work") {
		t.Errorf("a second run at once: got %v", err)
	}
	write(t, p.path(RunName), "mine")
	write(t, p.path(tokensName), "mine")
	write(t, filepath.Join(dir, RunName), "another's") // by one that knows no lock
	if err := p.publish(); err == nil || !strings.Contains(err.Error(), "another run") {
		t.Errorf("got %v", err)
	}
	p.abandon()
	if b, err := os.ReadFile(filepath.Join(dir, RunName)); err != nil || string(b) != "another's" {
		t.Errorf("%s is %q, %v", RunName, b, err)
	}
}

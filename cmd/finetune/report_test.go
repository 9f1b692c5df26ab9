package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestReport trains for a moment, and shows what came of it.
func TestReport(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	for _, rate := range []string{"0.001", "0.002"} {
		succeed(t, "", "pretrain", "--data", corpus(t, root), "--n-layer", "1", "--n-head", "1", "--n-embd", "16", "--seq-len", "16", "--batch-size", "2",
			"--max-steps", "10", "--learning-rate", rate, "--sample-tokens", "5", "--output-dir", filepath.Join(root, "rate"+rate))
	}
	page := filepath.Join(root, "page.html")
	succeed(t, "", "report", root, "--output", page)
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"rate0.001", "rate0.002", "What differs", "learning_rate", "Step 10", "SHA-256", "10 of 10", "complete", "Memory"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	figure := filepath.Join(root, "figure.svg")
	succeed(t, "", "report", filepath.Join(root, "rate0.001"), "--output", figure)
	if text, err := os.ReadFile(figure); err != nil || !strings.Contains(string(text), "<svg") {
		t.Errorf("figure: %v", err)
	}
}

package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
)

// TestBFloat16 trains by products of bfloat16, to the same bits on any number of threads, or is told that the processor can't.
func TestBFloat16(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("the quick brown fox jumps over the lazy dog. ", 80))
	args := func(to string, more ...string) []string {
		return append(append([]string{"pretrain", "--data", text, "--output-dir", filepath.Join(dir, to)}, tiny...), more...)
	}
	if !graph.HasBFloat16() {
		fails(t, "multiplies no bfloat16", args("run", "--bf16")...)
		fails(t, "multiplies no bfloat16", "bench", "--bf16", "--steps=1")
		return
	}
	weights := func(run string) string { return read(t, filepath.Join(dir, run, "model.safetensors")) }
	succeed(t, "", args("one", "--bf16", "--threads=1")...)
	succeed(t, "", args("three", "--bf16", "--threads=3")...)
	succeed(t, "", args("float")...)
	if weights("one") != weights("three") || weights("one") == weights("float") {
		t.Error("the weights depend on the number of threads, or not on the rounding")
	}
}

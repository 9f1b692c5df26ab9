package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestTokenizersThatTransformersReplaces: whoever makes a qwen2 model with a tokenizer that transformers would not honour is told.
func TestTokenizersThatTransformersReplaces(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	const warning = "transformers takes the tokenizer of any qwen2 model for byte-level BPE"
	for _, c := range []struct {
		name  string
		flags []string
		warns bool
	}{
		{"default", []string{"--arch=qwen2"}, false},
		{"bpe", []string{"--arch=qwen2", "--tokenizer=bpe", "--vocab-size=300"}, false},
		{"characters", []string{"--arch=qwen2", "--tokenizer=char"}, true},
		{"qwen3", []string{"--arch=qwen3", "--tokenizer=char"}, false},
	} {
		run := filepath.Join(dir, c.name)
		_, said := succeed(t, "", append(append([]string{"pretrain", "--data", text, "--output-dir", run}, tiny...), append(c.flags, "--max-steps=1", "--warmup-steps=0")...)...)
		_, info := succeed(t, "", "info", run)
		_, tuned := succeed(t, "", "sft", "--model", run, "--data", text, "--output-dir", run+"-tuned", "--max-steps=1", "--warmup-steps=0", "--sample-tokens=0")
		for command, said := range map[string]string{"pretrain": said, "info": info, "sft": tuned} {
			if got := strings.Contains(said, warning); got != c.warns {
				t.Errorf("%s: %s warned: %v, want %v:\n%s", c.name, command, got, c.warns, said)
			}
		}
	}
}

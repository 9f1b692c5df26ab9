package main

import (
	"path/filepath"
	"strings"
	"testing"
)

// TestPretrainFamilies trains a little model of each family that continues texts, and lets it write.
func TestPretrainFamilies(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := corpus(t, dir)
	for arch, flags := range map[string][]string{
		"gpt2": nil, "gpt_neox": {"--n-inner=40"}, "llama": {"--n-kv-head=1"}, "mistral": nil, "mixtral": nil, "qwen2": {"--n-kv-head=1"}, "qwen3": nil, "gemma3_text": {"--n-kv-head=1"},
	} {
		t.Run(arch, func(t *testing.T) {
			run := filepath.Join(dir, arch)
			args := append([]string{"pretrain", "--arch", arch, "--data", text, "--output-dir", run}, tiny...)
			succeed(t, "", append(append(args, flags...), "--max-steps=30")...)
			lines := readMetrics(t, run)
			if first, last := lines[0]["loss"], lines[len(lines)-1]["loss"]; !(last < 0.95*first) {
				t.Errorf("the loss went from %g to %g", first, last)
			}
			out, _ := succeed(t, "", "info", run)
			if !strings.Contains(out, arch+"\n") {
				t.Errorf("info says nothing of %s:\n%s", arch, out)
			}
			out, _ = succeed(t, "", "generate", "--model", run, "--prompt", "Line", "--max-new-tokens=8", "--temperature=0")
			if !strings.HasPrefix(out, "Line") || len(out) < len("Line")+8 {
				t.Errorf("generate printed %q", out)
			}
		})
	}
}

package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestEmbedderAdapters trains an adapter of an embedder, kills the run and goes on with it, and makes vectors with what comes out and with the merged model.
func TestEmbedderAdapters(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, _ := newModels(t, dir)
	data, _ := embedPairs(t, dir)
	args := func(to string) []string {
		return []string{"embed", "train", "--model", encoder, "--data", data, "--output-dir", to, "--threads=2", "--lora-r=4", "--lora-target-modules=query,value,dense",
			"--load-in-8bit", "--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--batch-size=8", "--seq-len=40", "--learning-rate=3e-3", "--warmup-steps=5",
			"--pooling=cls", "--normalize", "--validation-split=0.1"}
	}
	want := filepath.Join(dir, "run")
	succeed(t, "", args(want)...)
	killed := killAfter(t, 8, func(attempt string) []string { return args(want + attempt) })
	if found, err := filepath.Glob(filepath.Join(killed, "checkpoint-*", "model.safetensors")); err != nil || len(found) > 0 {
		t.Errorf("checkpoints of an adapter hold %v, %v", found, err)
	}
	succeed(t, "", "resume", killed, "--threads=1")
	sameRun(t, "killed and resumed", killed, want)

	encode := func(model string, more ...string) string {
		out, _ := succeed(t, "", append([]string{"embed", "encode", "--model", model, "--text=where is it now"}, more...)...)
		return out
	}
	vectors := encode(want)
	if base := encode(encoder, "--pooling=cls", "--normalize"); base == vectors {
		t.Error("the adapter changes nothing")
	}
	merged := filepath.Join(dir, "merged")
	succeed(t, "", "merge", "--model", encoder, "--adapter", want, "--output-dir", merged)
	if got := encode(merged); !closeTo(got, vectors) {
		t.Errorf("the merged model's vectors are %s, with the adapter %s", got, vectors)
	}
	further := filepath.Join(dir, "further")
	succeed(t, "", "embed", "train", "--model", encoder, "--adapter", want, "--load-in-8bit", "--data", data, "--output-dir", further, "--max-steps=2")

	fails(t, "holds an adapter", "embed", "train", "--model", want, "--data", data, "--output-dir", filepath.Join(dir, "no"))
	fails(t, "--prompt-tuning is for texts", "embed", "train", "--model", encoder, "--prompt-tuning=3", "--data", data, "--output-dir", filepath.Join(dir, "no"))
	fails(t, "--load-in-4bit is for models that aren't trained", "embed", "train", "--model", encoder, "--load-in-4bit", "--data", data, "--output-dir", filepath.Join(dir, "no"))
	if err := os.Rename(encoder, filepath.Join(dir, "elsewhere")); err != nil {
		t.Fatal(err)
	}
	fails(t, "the model that the run has started from was in "+encoder, "resume", further, "--max-steps=3")
	fails(t, "which isn't there", "embed", "encode", "--model", want, "--text=a")
}

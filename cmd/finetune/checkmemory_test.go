package main

import (
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sort"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// TestRefuseMemory has a run that takes 160 MiB.
func TestRefuseMemory(t *testing.T) {
	use := train.MemoryUse{Steps: graph.Memory{Arena: 30 << 20, Parameters: 100 << 20, Gradients: 10 << 20}, Optimizer: 15 << 20, Evaluation: graph.Memory{Arena: 5 << 20}}
	parts := trainingParts(use)
	if err := refuseMemory(parts, 160<<20, "less"); err != nil {
		t.Errorf("refused with just enough: %v", err)
	}
	err := refuseMemory(parts, 160<<20-1, "a smaller one takes less")
	for _, want := range []string{
		"needs 160 MiB of memory and 159 are free", "100 for parameters, 30 for activations, 10 for gradients, 15 for the optimizer, 5 for evaluations; a smaller one takes less; --no-memory-check",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected %q", err, want)
		}
	}
	use.Evaluation = graph.Memory{}
	if err := refuseMemory(trainingParts(use), 0, ""); err == nil || strings.Contains(err.Error(), "evaluations") {
		t.Errorf("error is %v, expected nothing of evaluations", err)
	}
}

// withFree runs a command with so many bytes free, and returns what it says if it refuses, or "".
func withFree(t *testing.T, bytes int, args ...string) (refusal string) {
	t.Helper()
	defer func(f func() (int64, bool)) { freeMemory = f }(freeMemory)
	freeMemory = func() (int64, bool) { return int64(bytes), true }
	status, out, said := finetune(t, "", args...)
	if status == 0 {
		return ""
	}
	if out != "" || !strings.Contains(said, "--no-memory-check starts it all the same") {
		t.Fatalf("%s with %d bytes free: %q, said %q", strings.Join(args, " "), bytes, out, said)
	}
	return said
}

// TestRefuseRuns has commands that run models ask for more than the parameters take, and for more of what needs more.
func TestRefuseRuns(t *testing.T) {
	dir := t.TempDir()
	run, encoder, writer, classifier := filepath.Join(dir, "run"), filepath.Join(dir, "bert"), filepath.Join(dir, "t5"), filepath.Join(dir, "classifier")
	text, classes := corpus(t, dir), write(t, filepath.Join(dir, "classes.csv"), "text,label\n"+strings.Repeat("Line seven,b\nof the text,d\n", 20))
	pretrained(t, run)
	succeed(t, "", append([]string{"pretrain", "--objective=masked", "--tokenizer=char", "--data", text, "--output-dir", encoder}, tiny...)...)
	succeed(t, "", "sft", "--model", encoder, "--data", classes, "--objective=classification", "--output-dir", classifier, "--max-steps=1", "--warmup-steps=0")
	newModel(t, "t5", run, writer)
	for _, c := range []struct {
		parts, advice string // in the refusal
		model         string
		args, more    []string
	}{
		{"activations", "a smaller --batch-size", run, []string{"eval", "--data", classes, "--batch-size=8"}, []string{"--batch-size=32"}},
		{"activations", "a smaller --batch-size", classifier, []string{"classify", "--text=Line seven", "--text=of", "--batch-size=1"}, []string{"--batch-size=2"}},
		{"activations", "a smaller --batch-size", classifier, []string{"classify", "--data", classes}, []string{"--batch-size=32"}},
		{"keys and values", "fewer prompts", run, []string{"generate", "--prompt=Line", "--max-new-tokens=2"}, []string{"--prompt=of"}},
		{"keys and values", "a smaller --num-beams", run, []string{"generate", "--prompt=Line", "--max-new-tokens=2", "--num-beams=2"}, []string{"--num-beams=4"}},
		{"encoded sources", "fewer prompts", writer, []string{"generate", "--prompt=Line", "--max-new-tokens=2"}, []string{"--prompt=of"}},
		{"encoded sources", "a smaller --num-beams", writer, []string{"generate", "--prompt=Line", "--max-new-tokens=2", "--num-beams=2"}, []string{"--num-beams=4"}},
	} {
		args := append(c.args, "--model", c.model)
		m, err := models.Open(c.model, models.OpenConfig{Sketch: true})
		if err != nil {
			t.Fatal(err)
		}
		const most, step = 1 << 20, 256
		parameters := parameterBytes * int(models.CountParameters(m))
		bytes := parameters + step*sort.Search(most/step, func(n int) bool { return withFree(t, parameters+step*n, args...) == "" })
		if bytes < parameters+5000 || bytes == parameters+most {
			t.Errorf("%s: starts with %d bytes free, and the parameters take %d", strings.Join(args, " "), bytes, parameters)
		}
		refusal := withFree(t, bytes-step, args...)
		for _, want := range []string{"the run needs ", "0 for parameters, 0 for activations", " for " + c.parts, c.advice} {
			if !strings.Contains(refusal, want) {
				t.Errorf("%s: refused by %q, want %q", strings.Join(args, " "), refusal, want)
			}
		}
		if withFree(t, bytes+1000, append(args, c.more...)...) == "" {
			t.Errorf("%s: needs %d bytes, and no more with %v", strings.Join(args, " "), bytes, c.more)
		}
		if refusal := withFree(t, 0, append(args, "--no-memory-check")...); refusal != "" {
			t.Errorf("refused what wasn't to be checked: %s", refusal)
		}
	}
}

// largeModel writes the config.json of a Llama of 70 billion parameters, times a factor of layers.
func largeModel(t *testing.T, layers int) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "config.json"), fmt.Sprintf(`{"model_type": "llama", "hidden_size": 8192, "intermediate_size": 28672, "num_hidden_layers": %d, "num_attention_heads": 64,
		"num_key_value_heads": 8, "vocab_size": 128256, "max_position_embeddings": 131072, "rope_theta": 500000, "tie_word_embeddings": false}`, layers))
	return dir
}

// TestRefuseModel holds Llama 3's 70,553,706,496 parameters to a machine with 64 GiB, and to one that they just fit into.
func TestRefuseModel(t *testing.T) {
	const count = 70_553_706_496
	m, err := models.Open(largeModel(t, 80), models.OpenConfig{Sketch: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := refuseModel(m, "it", parameterBytes, "to load", 4*count); err != nil {
		t.Errorf("refused with just enough: %v", err)
	}
	for _, c := range []struct {
		bytes, free int64
		want        string
	}{
		{parameterBytes, 64 << 30, "it has 70,553,706,496 parameters, which take 269,141 MiB of memory to load (4 bytes each), and 65,536 MiB are free; a smaller model fits; --no-memory-check"},
		{parameterBytes, 4*count - 1, "take 269,141 MiB"},
		{trainedBytes, 64 << 30, "take 1,076,564 MiB of memory to load (16 bytes each)"},
	} {
		if err := refuseModel(m, "it", c.bytes, "to load", c.free); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%d bytes each, %d free: %v, want %q", c.bytes, c.free, err, c.want)
		}
	}
}

// TestNothingStartsThatCannotFit gives every command a model that no machine holds: each must refuse it at once, without having taken
// memory for it, and leave nothing behind; info shows it.
func TestNothingStartsThatCannotFit(t *testing.T) {
	if _, known := availableMemory(); !known {
		t.Skip("what is free isn't known on this system")
	}
	dir := t.TempDir()
	text, model, out, small := corpus(t, dir), largeModel(t, 4000), filepath.Join(dir, "out"), filepath.Join(dir, "small")
	pretrained(t, small)
	// What the heap holds counts, not how late it is collected: above the limit it is collected at once.
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(int64(before.Sys-before.HeapReleased) + 512<<20))
	for _, args := range [][]string{
		{"bench", "--preset=char", "--steps=1000000000000000"},
		{"bench", "--preset=char", "--steps=9000000000000000000"},
		{"eval", "--model", model, "--data", text},
		{"generate", "--model", model, "--prompt=a"},
		{"classify", "--model", model, "--text=a"},
		{"bench", "--init", model},
		{"bench", "--preset=gpt2", "--batch-size=100000"},
		{"bench", "--preset=gpt2", "--batch-size=10000000000"},
		{"bench", "--preset=gpt2", "--batch-size=9000000000000000000"},
		{"generate", "--model", small, "--prompt=L", "--num-beams=10000000000"},
		{"generate", "--model", small, "--prompt=L", "--num-beams=9000000000000000000"},
		{"generate", "--model", small, "--prompt=L", "--max-new-tokens=9000000000000000000", "--num-beams=100000000000"},
		{"sft", "--model", model, "--data", text, "--output-dir", out},
		{"pretrain", "--arch=llama", "--n-embd=1000000", "--n-layer=1000", "--data", text, "--output-dir", out},
		{"pretrain", "--arch=t5", "--n-embd=1000000", "--n-layer=100", "--data", text, "--output-dir", out},
		{"pretrain", "--arch=bert", "--n-embd=10000000", "--n-layer=100", "--data", text, "--output-dir", out},
		{"pretrain", "--gradient-accumulation-steps=100000000000", "--data", text, "--output-dir", out},
		{"pretrain", "--batch-size=100000", "--seq-len=256", "--data", text, "--output-dir", out},
	} {
		status, stdout, said := finetune(t, "", args...)
		if status != exitFailure || stdout != "" || !strings.Contains(said, "--no-memory-check starts it all the same") || !strings.Contains(said, " free") {
			t.Errorf("%s: status %d, %q, said %q", strings.Join(args, " "), status, stdout, said)
		}
	}
	stdout, _ := succeed(t, "", "info", model)
	for _, want := range []string{"3,424,718,954,496 in 36003 tensors", "memory      13,064,266 MiB for the parameters, and more than 52,257,064 to train", "none are stored here"} {
		if !strings.Contains(stdout, want) {
			t.Errorf("info said nothing of %q:\n%s", want, stdout)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys) - int64(before.Sys); grown > 1<<30 {
		t.Errorf("refusing took %d MiB from the system", grown>>20)
	}
	if isDir(out) {
		t.Errorf("%s was left behind", out)
	}
}

package main

import (
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/task"
)

// adapterCases are runs of adapters with what else a command is told.
func adapterCases() map[string][]string {
	return map[string][]string{
		"lora":   {"--lora-r=4", "--lora-dropout=0.1", "--gradient-checkpointing"},
		"rslora": {"--lora-r=4", "--use-rslora", "--lora-target-modules=query,value", "--lora-modules-to-save=pooler", "--rank-pattern=0.*query=2", "--alpha-pattern=query=7.5"},
		"dora":   {"--use-dora", "--lora-r=2", "--lora-target-modules=word_embeddings,dense", "--dtype=bfloat16"},
		"tokens": {"--lora-r=2", "--lora-target-modules=query", "--trainable-token-indices=5,7"},
		"prompt": {"--prompt-tuning=3"},
	}
}

// TestKilledAdaptersAreExact kills runs of adapters of a classifier and goes on with them, and applies what comes out.
func TestKilledAdaptersAreExact(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	encoder, _ := newModels(t, dir)
	data := write(t, filepath.Join(dir, "classes.csv"), objectiveCases()[1].content)
	for name, extra := range adapterCases() {
		t.Run(name, func(t *testing.T) {
			args := func(to string) []string {
				return append([]string{"sft", "--model", encoder, "--data", data, "--objective=classification", "--output-dir", to, "--threads=2",
					"--max-steps=40", "--save-steps=4", "--save-total-limit=3", "--eval-steps=4", "--batch-size=4", "--gradient-accumulation-steps=2", "--seq-len=24",
					"--learning-rate=3e-3", "--warmup-steps=5", "--dropout=0.1"}, extra...)
			}
			want := filepath.Join(dir, name)
			succeed(t, "", args(want)...)
			killed := killAfter(t, 8, func(attempt string) []string { return args(want + attempt) })
			for _, file := range []string{"model.safetensors", "config.json"} {
				if found, err := filepath.Glob(filepath.Join(killed, "checkpoint-*", file)); err != nil || len(found) > 0 {
					t.Errorf("checkpoints of an adapter hold %v, %v", found, err)
				}
			}
			succeed(t, "", "resume", killed, "--threads=1")
			sameRun(t, "killed and resumed", killed, want)
			alone, _ := succeed(t, "", "classify", "--model", want, "--text=the a of")
			both, _ := succeed(t, "", "classify", "--model", encoder, "--adapter", want, "--text=the a of")
			if alone != both || !strings.Contains(alone, "early") {
				t.Errorf("the adapter's directory says %s, with its model %s", alone, both)
			}
			if name == "prompt" {
				fails(t, "a prompt of trained vectors", "merge", "--model", encoder, "--adapter", want, "--output-dir", filepath.Join(dir, "nothing"))
				return
			}
			merged := filepath.Join(dir, name+"-merged")
			said, _ := succeed(t, "", "merge", "--model", encoder, "--adapter", want, "--output-dir", merged)
			if !strings.Contains(said, "difference") {
				t.Errorf("merge says %s", said)
			}
			if got, _ := succeed(t, "", "classify", "--model", merged, "--text=the a of"); !closeTo(got, alone) {
				t.Errorf("the merged model says %s, with the adapter %s", got, alone)
			}
		})
	}
	t.Run("moved base", func(t *testing.T) {
		run, place := filepath.Join(dir, "lora"), filepath.Join(dir, "elsewhere")
		if err := os.Rename(encoder, place); err != nil {
			t.Fatal(err)
		}
		fails(t, "the model that the run has started from was in "+encoder+", and isn't there any more: put it back, or write where it is now as model into", "resume", run, "--max-steps=41")
		settings := filepath.Join(run, task.RunName)
		before, err := os.ReadFile(settings)
		if err != nil {
			t.Fatal(err)
		}
		write(t, settings, strings.Replace(string(before), "model: "+encoder+"\n", "model: "+place+"\n", 1))
		succeed(t, "", "resume", run, "--max-steps=40")
		write(t, settings, string(before))
		if err := os.Rename(place, encoder); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("another base", func(t *testing.T) {
		run := filepath.Join(dir, "lora")
		model := filepath.Join(encoder, "model.safetensors")
		content, err := os.ReadFile(model)
		if err != nil {
			t.Fatal(err)
		}
		changed := append([]byte{}, content...)
		changed[8+binary.LittleEndian.Uint64(changed)]++ // the first element of a norm
		if err := os.WriteFile(model, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		fails(t, "trained on another model", "resume", run, "--max-steps=41")
		fails(t, "trained on another model", "classify", "--model", encoder, "--adapter", run, "--text=a")
		succeed(t, "", "classify", "--model", encoder, "--adapter", run, "--any-base", "--text=a")
		if err := os.WriteFile(model, content, 0o644); err != nil {
			t.Fatal(err)
		}
		succeed(t, "", "sft", "--model", encoder, "--adapter", run, "--data", data, "--objective=classification", "--output-dir", filepath.Join(dir, "further"), "--max-steps=2")
	})
}

// closeTo compares two lines of JSON by their first three digits.
func closeTo(a, b string) bool {
	cut := func(s string) string {
		var out strings.Builder
		digits := 0
		for _, r := range s {
			if r >= '0' && r <= '9' {
				if digits++; digits > 4 {
					continue
				}
			} else if r != '.' {
				digits = 0
			}
			out.WriteRune(r)
		}
		return out.String()
	}
	return cut(a) == cut(b)
}

func TestAdapterOptionsAreChecked(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	text := write(t, filepath.Join(dir, "text.txt"), strings.Repeat("the quick brown fox. ", 40))
	model := filepath.Join(dir, "model")
	succeed(t, "", "pretrain", "--data", text, "--output-dir", model, "--n-layer=1", "--n-head=1", "--n-embd=8", "--max-steps=1", "--seq-len=8", "--tokenizer=char")
	for want, extra := range map[string][]string{
		`no layer of the model is a target "q_proj"; there are c_attn`: {"--lora-target-modules=q_proj"},
		"is the module to save \"nothing\"":                            {"--lora-modules-to-save=nothing"},
		"rank 0, expected more than 0":                                 {"--lora-r=0"},
		"--rank-pattern wte: expected a regular expression, = and":     {"--rank-pattern=wte"},
		"rank 0.5 for \"wte\", expected a whole number above 0":        {"--rank-pattern=wte=0.5"},
		"token 99 to train is outside of the vocabulary":               {"--trainable-token-indices=1,99"},
		"--trainable-token-indices 1;2: expected ids of tokens":        {"--trainable-token-indices=1;2"},
		"--dtype bfloat16 is for models that aren't trained":           {"--dtype=bfloat16"},
		"--dtype and --load-in-4bit exclude each other":                {"--use-peft", "--dtype=bfloat16", "--load-in-4bit"},
		"--use-dora is for low-rank adapters, not for --prompt-tuning": {"--prompt-tuning=2", "--use-dora", "--lora-modules-to-save=wte"},
		"dropout 1, expected [0, 1)":                                   {"--lora-dropout=1"},
		"--freeze is for runs without an adapter":                      {"--freeze=wte", "--use-peft"},
		"no parameter of the model has \"nothing\" in its name":        {"--freeze=nothing"},
		"so that none is left to train":                                {"--freeze=."},
		"--use-dora is for a new adapter":                              {"--adapter=" + model, "--use-dora"},
		"it has no adapter_config.json":                                {"--adapter=" + model},
	} {
		out := filepath.Join(dir, "run")
		fails(t, want, append([]string{"sft", "--model", model, "--data", text, "--output-dir", out, "--max-steps=1"}, extra...)...)
		if _, err := os.Stat(out); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %s is there", want, out)
		}
	}
	run := filepath.Join(dir, "frozen")
	succeed(t, "", "sft", "--model", model, "--data", text, "--output-dir", run, "--max-steps=2", `--freeze=^transformer\.(wte|h\.0\.)`)
	if adapt.IsDir(run) {
		t.Error("a run without an adapter is an adapter's directory")
	}
}

// fails runs a command that must fail with an error that has want in it.
func fails(t *testing.T, want string, args ...string) {
	t.Helper()
	status, _, stderr := finetune(t, "", args...)
	if status == 0 || !strings.Contains(stderr, want) {
		t.Errorf("finetune %s: status %d, %s; expected %q in it", strings.Join(args, " "), status, stderr, want)
	}
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// newModel writes a little model of a family with random weights and the tokenizer of a run.
func newModel(t *testing.T, arch, run, dir string) {
	t.Helper()
	tok, err := tokenizer.Load(run)
	if err != nil {
		t.Fatal(err)
	}
	end := 0
	size := models.Size{Vocab: tok.VocabSize(), Context: 32, Layers: 1, Heads: 2, Width: 16, Start: &end, End: &end, Pad: &end}
	config, err := size.Config(arch)
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	if err := tok.Save(dir); err != nil {
		t.Fatal(err)
	}
}

// objects returns what generate --json prints.
func objects(t *testing.T, args ...string) []generated {
	t.Helper()
	out, _ := succeed(t, "", append(append([]string{"generate"}, args...), "--json")...)
	var all []generated
	for line := range strings.Lines(out) {
		var g generated
		if err := json.Unmarshal([]byte(line), &g); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		all = append(all, g)
	}
	return all
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	pretrained(t, run)
	pair, encoder := filepath.Join(dir, "t5"), filepath.Join(dir, "bert")
	newModel(t, "t5", run, pair)
	newModel(t, "bert", run, encoder)

	t.Run("several prompts", func(t *testing.T) {
		for _, model := range []string{run, pair} {
			flags := []string{"--model", model, "--temperature=0", "--max-new-tokens=12"}
			all := objects(t, append(flags, "--prompt=Line 1", "--prompt", "seven, times", "--prompts-file", write(t, filepath.Join(dir, "prompts"), "is\nof the text\n"))...)
			if len(all) != 4 || all[1].Prompt != "seven, times" {
				t.Fatalf("got %+v", all)
			}
			var want []string
			for _, g := range all {
				if alone := objects(t, append(flags, "--prompt", g.Prompt)...); len(alone) != 1 || alone[0].Text != g.Text {
					t.Errorf("%q alone: %+v, side by side %q", g.Prompt, alone, g.Text)
				}
				if model == run {
					want = append(want, g.Prompt+g.Text)
				} else {
					want = append(want, g.Text)
				}
				if out, _ := succeed(t, "", append(append([]string{"generate"}, flags...), "--prompt", g.Prompt)...); out != want[len(want)-1]+"\n" {
					t.Errorf("shown as it comes %q, expected %q", out, want[len(want)-1])
				}
			}
			out, _ := succeed(t, "Line 1\nseven, times\nis\nof the text\n", append([]string{"generate", "--prompts-file=-"}, flags...)...)
			if out != strings.Join(want, "\n\n")+"\n" {
				t.Errorf("printed %q, expected %q", out, want)
			}
		}
	})

	t.Run("stop strings", func(t *testing.T) {
		flags := []string{"--model", run, "--temperature=0", "--max-new-tokens=20", "--prompt=Line 1"}
		whole := objects(t, flags...)[0].Text
		for lo := range len(whole) - 3 {
			stop := whole[lo : lo+3]
			want := whole[:strings.Index(whole, stop)]
			for _, more := range [][]string{nil, {"--stop=not in it"}, {"--prompt=x"}} {
				args := append(append(flags, "--stop", stop), more...)
				if got := objects(t, args...)[0].Text; got != want {
					t.Errorf("with --stop %q and %v: %q, expected %q", stop, more, got, want)
				}
			}
			if out, _ := succeed(t, "", append([]string{"generate", "--stop", stop}, flags...)...); out != "Line 1"+want+"\n" {
				t.Errorf("with --stop %q: shown %q, expected %q", stop, out, want)
			}
		}
	})

	t.Run("beams", func(t *testing.T) {
		for _, model := range []string{run, pair} {
			flags := []string{"--model", model, "--max-new-tokens=8", "--prompt=Line 1", "--num-beams=3"}
			whole := objects(t, flags...)[0]
			if len(whole.IDs) == 0 {
				t.Fatalf("a search found %+v", whole)
			}
			if out, _ := succeed(t, "", append([]string{"generate"}, flags...)...); !strings.HasSuffix(out, whole.Text+"\n") {
				t.Errorf("printed %q, expected %q", out, whole.Text)
			}
			if got := objects(t, append(flags, "--stop", whole.Text[:1])...)[0].Text; strings.Contains(got, whole.Text[:1]) {
				t.Errorf("with --stop %q: %q", whole.Text[:1], got)
			}
		}
	})

	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"an encoder":      {[]string{"--model", encoder, "--prompt=a"}, "doesn't write texts"},
		"no prompt":       {[]string{"--model", run}, "give a --prompt"},
		"no prompts":      {[]string{"--model", run, "--prompts-file", write(t, filepath.Join(dir, "empty"), "")}, "has no prompts"},
		"missing prompts": {[]string{"--model", run, "--prompts-file", filepath.Join(dir, "nowhere")}, "no such file"},
		"empty stop":      {[]string{"--model", run, "--prompt=a", "--stop="}, "--stop"},
		"no beams":        {[]string{"--model", run, "--prompt=a", "--num-beams=0"}, "--num-beams 0: expected 1 or more"},
		"beams drawn":     {[]string{"--model", run, "--prompt=a", "--num-beams=2", "--top-k=4"}, "are for drawing"},
	} {
		t.Run(name, func(t *testing.T) {
			status, _, stderr := finetune(t, "", append([]string{"generate"}, c.args...)...)
			if status != exitFailure || !strings.Contains(stderr, c.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("status %d, %q; expected one line with %q", status, stderr, c.want)
			}
		})
	}
}

// TestGenerateStopsAtTheModelsEnd ends texts at a token that only generation_config.json names.
func TestGenerateStopsAtTheModelsEnd(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	run := filepath.Join(dir, "run")
	pretrained(t, run)
	flags := []string{"--model", run, "--temperature=0", "--max-new-tokens=20", "--prompt=Line 1"}
	ids := objects(t, flags...)[0].IDs
	config, err := json.Marshal(map[string]any{"eos_token_id": []int32{ids[3], 0}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(run, "generation_config.json"), config, 0o644); err != nil {
		t.Fatal(err)
	}
	got := objects(t, flags...)[0].IDs
	for i, id := range got {
		if last := i == len(got)-1; last != (id == ids[3]) {
			t.Errorf("token %d of %v, expected to end at the first %d", i, got, ids[3])
		}
	}
}

package task

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/chat"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

// newRun trains a model on a text for some steps.
func newRun(t *testing.T, dir string, o Objective, base Base, file, content string, steps int, callbacks ...train.Callback) {
	t.Helper()
	path := filepath.Join(t.TempDir(), file)
	write(t, path, content)
	source, err := data.OpenSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	c := train.DefaultConfig()
	c.MaxSteps, c.SaveSteps, c.Callbacks = steps, 2, callbacks
	err = Train(t.Context(), Config{Dir: dir, Objective: o, Base: base, Data: source, Length: 12, SourceLength: 6, Seed: 3}, c)
	var stopped *train.Interrupted
	if err != nil && !errors.As(err, &stopped) {
		t.Fatal(err)
	}
}

func newBase(kind, arch string, o Objective) New {
	learn := TokenizerConfig(kind, arch, o)
	return New{Arch: arch, Size: models.Size{Context: 32, Layers: 1, Heads: 2, Width: 16}, Learn: &learn}
}

// stopAt is a callback that stops a run at a step.
type stopAt struct {
	train.Silent
	step int
}

func (s stopAt) Step(e train.StepEvent) error {
	if e.Step == s.step {
		return train.ErrStop
	}
	return nil
}

// TestRunsGoOn holds a run that was stopped and went on to one without a stop, byte for byte.
func TestRunsGoOn(t *testing.T) {
	dir := t.TempDir()
	base := newBase("char", "gpt2", Causal{})
	text := strings.Repeat("all that one learns is to be known. ", 20)
	newRun(t, filepath.Join(dir, "once"), Causal{}, base, "a.txt", text, 6)
	newRun(t, filepath.Join(dir, "twice"), Causal{}, base, "a.txt", text, 6, stopAt{step: 3})
	newRun(t, filepath.Join(dir, "twice"), Causal{}, base, "a.txt", "another text", 6)
	for _, name := range []string{"tokenizer.json", RunName, "config.json", "model.safetensors"} {
		a, err1 := os.ReadFile(filepath.Join(dir, "once", name))
		b, err2 := os.ReadFile(filepath.Join(dir, "twice", name))
		if err := errors.Join(err1, err2); err != nil || !slices.Equal(a, b) {
			t.Errorf("%s is not the same, %v", name, err)
		}
	}
}

// TestSettingsAreApplied trains with lengths and an objective of their own, and finds them again beside the model and its checkpoints.
func TestSettingsAreApplied(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	o := Causal{Conversations: Conversations{Learn: chat.LearnLastAnswer}, LearnPrompts: true, Truncation: data.TruncateRight}
	newRun(t, dir, o, newBase("char", "gpt2", o), "a.jsonl", strings.Repeat(`{"prompt": "a b", "completion": " c d"}`+"\n", 20), 4)
	want := Settings{Objective: "causal", Length: 12, SourceLength: 6, LastAnswer: true, Prompts: true, Truncation: data.TruncateRight}
	for _, at := range []string{dir, filepath.Join(dir, "checkpoint-4"), filepath.Join(dir, "checkpoint-4") + "/"} {
		if got, ok, err := ReadSettings(at); got != want || !ok || err != nil {
			t.Errorf("%s: %+v, %v, %v", at, got, ok, err)
		}
	}
	trained, err := Open(dir, OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if got := trained.Objective.(Causal); !got.LearnPrompts || got.Truncation != o.Truncation || got.Conversations.Learn != chat.LearnLastAnswer || got.Conversations.Dir != dir {
		t.Errorf("the objective is %+v", got)
	}
	path := filepath.Join(t.TempDir(), "b.jsonl")
	write(t, path, `{"prompt": "a", "completion": "b c"}`+"\n")
	source, err := data.OpenSource(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := trained.Measure(t.Context(), source, EvalConfig{})
	if err != nil || m.Config.Length != 12 {
		t.Fatalf("rows of %d tokens, %v", m.Config.Length, err)
	}
	if _, err := trained.Measure(t.Context(), source, EvalConfig{Length: 33}); err == nil || !strings.Contains(err.Error(), "the model's context is 32") {
		t.Errorf("rows beyond the context: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, RunName), []byte("seq_len: [1]"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, OpenConfig{}); err == nil || !strings.Contains(err.Error(), RunName) {
		t.Errorf("settings that are no number: %v", err)
	}
}

// TestSourcesAreCutAsLearned has a writer cut a source as the rows of its run were.
func TestSourcesAreCutAsLearned(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	newRun(t, dir, Seq2Seq{}, newBase("char", "transformer", Seq2Seq{}), "a.tsv", "source\ttarget\n"+strings.Repeat("abcdefgh\tb\n", 20), 2)
	trained, err := Open(dir, OpenConfig{})
	if err != nil {
		t.Fatal(err)
	}
	w, err := trained.Writer()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]int{"abc": 3, "abcdef": 6, "abcdefgh": 6} {
		ids, err := w.Encode(text)
		if err != nil {
			t.Fatal(err)
		}
		fitted, cut := w.Fit(ids)
		if len(fitted) != want || cut != (len(text) > 6) || !slices.Equal(fitted, ids[:want]) {
			t.Errorf("%q became %v, cut %v", text, fitted, cut)
		}
	}
}

// shouted is an objective of one's own: it learns texts in capitals.
type shouted struct {
	Causal
	Words int // noted as the length of a source
}

func (shouted) Name() string                      { return "shouted" }
func (o shouted) Note(s *Settings)                { s.SourceLength = o.Words }
func (o shouted) With(string, Settings) Objective { return o }

// TestObjectiveOfOnesOwn trains by an objective that the package doesn't know.
func TestObjectiveOfOnesOwn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	newRun(t, dir, shouted{Words: 7}, newBase("char", "gpt2", Causal{}), "a.txt", strings.Repeat("some text ", 50), 2)
	if s, _, err := ReadSettings(dir); err != nil || s.Objective != "shouted" || s.SourceLength != 7 {
		t.Errorf("settings %+v, %v", s, err)
	}
}

func TestObjectives(t *testing.T) {
	for _, o := range Objectives() {
		if got, err := Named(o.Name()); err != nil || got != o {
			t.Errorf("%s is %v, %v", o.Name(), got, err)
		}
		arch := DefaultArch(o.Name())
		_, labelled := o.(Labelled)
		labelled = labelled || o == (Reward{})
		if labelled != (arch == "") {
			t.Errorf("%s is learned from nothing by %q", o.Name(), arch)
		}
		if labelled {
			continue
		}
		if learned, err := ArchObjective(arch); err != nil || learned != o {
			t.Errorf("%s learns %v, %v", arch, learned, err)
		}
		m, err := newBase("char", arch, o).Outline()
		if err != nil || Of(m) != o {
			t.Fatalf("a new %s is for %v, %v", arch, Of(m), err)
		}
		want := o.Name()
		if o == (Masked{}) {
			want = "masked, classification, token-classification, regression"
		}
		if o == (Causal{}) {
			want = "causal, reward"
		}
		if got := strings.Join(Learns(m), ", "); got != want {
			t.Errorf("a %s can learn %s, expected %s", arch, got, want)
		}
	}
	if _, err := Named("sft"); err == nil || !strings.Contains(err.Error(), "known are causal, masked") {
		t.Errorf("got %v", err)
	}
}

// TestReadHistory looks at a run that was killed while it wrote a line.
func TestReadHistory(t *testing.T) {
	dir := t.TempDir()
	if h, err := ReadHistory(dir); err != nil || h.Step != 0 || h.Last != nil || h.Checkpoints != nil {
		t.Errorf("an empty directory: %+v, %v", h, err)
	}
	write(t, filepath.Join(dir, train.MetricsName), "{\"step\":1}\n{\"step\":9,\"eval_loss\":2}\n{\"step\":10,\"eval_loss\":3}\n{\"step\":11,\"ev")
	for _, name := range []string{"checkpoint-10", "checkpoint-9", "checkpoint-x"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o777); err != nil {
			t.Fatal(err)
		}
	}
	h, err := ReadHistory(dir)
	if err != nil || h.Step != 10 || *h.Last != (Validation{10, 3}) || *h.Best != (Validation{9, 2}) || !slices.Equal(h.Checkpoints, []string{"checkpoint-9", "checkpoint-10"}) {
		t.Errorf("got %+v, %v", h, err)
	}
}

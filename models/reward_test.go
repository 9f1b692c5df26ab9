package models

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestRewardGoldens compares values of texts and gradients with those of transformers' sequence classifiers of one label.
func TestRewardGoldens(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "rewards.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]goldenCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m, ok := c.load(t, tensor.Float64).(*RewardModel)
			if !ok {
				t.Fatal("the model is no reward model")
			}
			g := graph.New(graph.Config{DType: tensor.Float64})
			values := m.Scores(g, input(g, "ids", c.IDs), nil, input(g, "segments", c.Segments))
			total := g.Check(gorgonia.Sum(values))
			if err := g.Grad(total); err != nil {
				t.Fatal(err)
			}
			run(t, g, values, total)
			for i, want := range c.Logits {
				if got := graph.Floats[float64](values)[i]; !(math.Abs(got-want) <= 1e-6) {
					t.Errorf("value %d is %.9g, expected %.9g", i, got, want)
				}
			}
			if len(m.Params()) != len(c.Parameters) {
				t.Errorf("%d parameters, expected %d", len(m.Params()), len(c.Parameters))
			}
			for _, p := range m.Params() {
				d := golden.Digested(p.Name, graph.GradData[float64](p)).Distance(c.Parameters[p.Name].Gradient, 1e-4)
				if !(d <= 1e-5) {
					t.Errorf("the gradient of %s differs by %g of its length", p.Name, d)
				}
			}
		})
	}
}

// TestRewardModelIsSaved gives a language model, whole and as a body, a head of one value, and opens what is saved.
func TestRewardModelIsSaved(t *testing.T) {
	for _, arch := range []string{"gpt2", "llama", "gpt_neox"} {
		dir, start := t.TempDir(), 0
		config, err := Size{Vocab: 9, Context: 8, Layers: 1, Heads: 2, Width: 8, Start: &start, End: &start}.Config(arch)
		if err != nil {
			t.Fatal(err)
		}
		base, err := New(config, graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		if err := base.Save(dir); err != nil {
			t.Fatal(err)
		}
		for _, sketch := range []bool{true, false} {
			m, err := Open(dir, OpenConfig{Head: &Head{Task: TaskReward}, Seed: 3, Sketch: sketch})
			if err != nil {
				t.Fatal(err)
			}
			if n := len(m.Params()); m.Params()[n-1].Name != "score.weight" {
				t.Errorf("%s: the last parameter is %s", arch, m.Params()[n-1].Name)
			}
			if sketch {
				continue
			}
			saved := t.TempDir()
			if err := m.Save(saved); err != nil {
				t.Fatal(err)
			}
			again, err := Open(saved, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := again.(*RewardModel); !ok || len(again.Params()) != len(m.Params()) {
				t.Errorf("%s: what was saved is opened as %T", arch, again)
			}
			for i, p := range again.Params() {
				if !p.Value().Eq(m.Params()[i].Value()) {
					t.Errorf("%s: %s has changed", arch, p.Name)
				}
			}
		}
	}
	if _, err := Open(t.TempDir(), OpenConfig{Head: &Head{Task: TaskReward}}); err == nil {
		t.Error("an empty directory is opened")
	}
}

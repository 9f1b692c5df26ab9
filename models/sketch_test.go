package models

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/weights"
	"gorgonia.org/tensor"
)

// shapes returns the shapes of a model's parameters by their names.
func shapes(m Model) map[string][]int {
	all := map[string][]int{}
	for _, p := range m.Params() {
		all[p.Name] = p.Shape
	}
	return all
}

// estimate returns what a training step of a small batch takes.
func estimate(t *testing.T, m Model) graph.Memory {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float32, Train: true})
	b := layers.Batch{In: map[string]*graph.Node{layers.IDs: g.Input("ids", tensor.Int32, 2, 6), layers.Targets: g.Input("targets", tensor.Int32, 2, 6)}}
	if _, ok := m.(Seq2Seq); ok {
		b.In[layers.SourceIDs] = g.Input("source", tensor.Int32, 2, 6)
	}
	loss := m.(trainedModel).Loss(g, b).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	use, err := graph.EstimateMemory(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	if m.Params()[0].Value() == nil {
		if _, err := graph.Compile(g, loss); err == nil || !strings.Contains(err.Error(), "has no value") {
			t.Errorf("compiling a sketch gives %v", err)
		}
	}
	return use
}

// saved makes a tiny model of a family and saves it, and returns it and its directory.
func saved(t testing.TB, arch string) (m Model, dir string) {
	t.Helper()
	m, err := newOf(arch, tinySize(), graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	if err := m.Save(dir); err != nil {
		t.Fatal(err)
	}
	return m, dir
}

// savedConfig saves such a model, and returns its directory and the content of its config.json.
func savedConfig(t testing.TB, arch string) (dir string, config []byte) {
	t.Helper()
	_, dir = saved(t, arch)
	config, err := os.ReadFile(filepath.Join(dir, configName))
	if err != nil {
		t.Fatal(err)
	}
	return dir, config
}

// TestSketch holds the sketch of a directory of each family, with its weights and without, to the model that is read from it.
func TestSketch(t *testing.T) {
	for _, arch := range Arches() {
		t.Run(arch, func(t *testing.T) {
			m, dir := saved(t, arch)
			check := func(what string, sketch Model, err error) {
				t.Helper()
				if err != nil {
					t.Fatalf("%s: %v", what, err)
				}
				if diff := cmp.Diff(shapes(m), shapes(sketch)); diff != "" {
					t.Errorf("%s has other parameters (-model +sketch):\n%s", what, diff)
				}
				for _, p := range sketch.Params() {
					if p.Value() != nil || p.DType() != tensor.Float32 {
						t.Fatalf("%s: %s has values, or is %v", what, p.Name, p.DType())
					}
				}
				if got, want := estimate(t, sketch), estimate(t, m); got != want {
					t.Errorf("%s takes %+v, the model %+v", what, got, want)
				}
				if sketch.VocabSize() != m.VocabSize() || sketch.ContextLength() != m.ContextLength() || CountParameters(sketch) != CountParameters(m) {
					t.Errorf("%s has other sizes", what)
				}
			}
			sketch, err := newOf(arch, tinySize(), graph.SketchParams(tensor.Float32, nil))
			check("a new one", sketch, err)
			sketch, err = Open(dir, OpenConfig{Sketch: true})
			check("that of a directory", sketch, err)
			if _, err := Open(dir, OpenConfig{Sketch: true, Edit: func(c map[string]any) { c["vocab_size"] = 24 }}); err == nil || !strings.Contains(err.Error(), "stored with shape") {
				t.Errorf("with a vocabulary of another size: %v", err)
			}
			integers := storedTensors(m.Params())
			integers[0].Data = make([]int32, m.Params()[0].Len())
			other := t.TempDir()
			if err := errors.Join(os.CopyFS(other, os.DirFS(dir)), safetensors.Write(filepath.Join(other, safetensors.FileName), integers, nil)); err != nil {
				t.Fatal(err)
			}
			if _, err := Open(other, OpenConfig{Sketch: true}); err == nil || !strings.Contains(err.Error(), "elements of I32, expected F16") {
				t.Errorf("with integers in the place of weights: %v", err)
			}
			if err := os.Remove(filepath.Join(dir, safetensors.FileName)); err != nil {
				t.Fatal(err)
			}
			sketch, err = Open(dir, OpenConfig{Sketch: true})
			check("that of a config.json", sketch, err)
			if _, err := Open(dir, OpenConfig{}); !errors.Is(err, weights.ErrNone) || weights.Exist(dir) {
				t.Errorf("without weights: %v", err)
			}
		})
	}
}

func TestSketchForTask(t *testing.T) {
	for _, arch := range []string{"bert", "roberta", "albert"} {
		_, dir := saved(t, arch)
		n := Head{Task: TaskSequence, Labels: []string{"a", "b", "c"}}
		want, err := Open(dir, OpenConfig{Head: &n})
		if err != nil {
			t.Fatal(err)
		}
		got, err := Open(dir, OpenConfig{Sketch: true, Head: &n})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(shapes(want), shapes(got)); diff != "" || got.Params()[0].Value() != nil {
			t.Errorf("%s (-model +sketch):\n%s", arch, diff)
		}
	}
}

// TestSketchOfAnySize counts what no machine holds.
func TestSketchOfAnySize(t *testing.T) {
	large := tinySize()
	large.Width, large.Vocab, large.Layers = 1<<20, 1<<20, 1<<10
	for _, arch := range Arches() {
		m, err := newOf(arch, large, graph.SketchParams(tensor.Float32, nil))
		if err != nil {
			t.Fatal(err)
		}
		if n := CountParameters(m); n < 1<<40 || n == math.MaxInt64 {
			t.Errorf("%s of width %d has %d parameters", arch, large.Width, n)
		}
	}
	large.Width, large.Layers, large.Inner = 1<<30, 1<<10, 1<<30
	m, err := newOf("gpt2", large, graph.SketchParams(tensor.Float32, nil))
	if err != nil {
		t.Fatal(err)
	}
	if n := CountParameters(m); n != math.MaxInt64 {
		t.Errorf("counted %d, expected the largest number", n)
	}
	for _, c := range []struct {
		change func(*Size)
		want   string
	}{
		{func(s *Size) { s.Layers = 1 << 20 }, "is 1048576, expected at most 16384"},
		{func(s *Size) { s.Vocab = 1 << 40 }, "vocab_size is 1099511627776, expected at most 2147483647"},
	} {
		for _, arch := range Arches() {
			s := tinySize()
			c.change(&s)
			if _, err := newOf(arch, s, graph.SketchParams(tensor.Float32, nil)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v, expected %q", arch, err, c.want)
			}
		}
	}
}

// FuzzSketch reads any config.json: whatever is in it, the answer is a model or an error, at once.
func FuzzSketch(f *testing.F) {
	for _, arch := range Arches() {
		_, config := savedConfig(f, arch)
		f.Add(config)
	}
	f.Fuzz(func(t *testing.T, config []byte) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, configName), config, 0o644); err != nil {
			t.Fatal(err)
		}
		if m, err := Open(dir, OpenConfig{Sketch: true}); err == nil && CountParameters(m) <= 0 {
			t.Errorf("a model of %d parameters", CountParameters(m))
		}
	})
}

// TestSketchOfHostileConfigs gives every field of every family's config.json values that it can't have, and some that it can.
func TestSketchOfHostileConfigs(t *testing.T) {
	values := []string{"0", "-1", "1", "3", "1000000", "2147483647", "2147483648", "9223372036854775807", "1e300", "1.5", "null", `"x"`, "[]", "[1]", "{}", "true"}
	for _, arch := range Arches() {
		dir, content := savedConfig(t, arch)
		config := map[string]json.RawMessage{}
		if err := errors.Join(os.Remove(filepath.Join(dir, safetensors.FileName)), json.Unmarshal(content, &config)); err != nil {
			t.Fatal(err)
		}
		for field := range config {
			for _, value := range values {
				sketch, err := Open(dir, OpenConfig{Sketch: true, Edit: func(c map[string]any) { c[field] = json.RawMessage(value) }})
				if err == nil && CountParameters(sketch) <= 0 {
					t.Errorf("%s: %s of %s: %d parameters", arch, field, value, CountParameters(sketch))
				}
			}
		}
	}
}

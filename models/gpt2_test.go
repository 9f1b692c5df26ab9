package models

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/safetensors"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// tinyGPT2 returns the configuration of a model with 1,468 parameters.
func tinyGPT2() GPT2Config {
	c := DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = 11, 8, 8, 1, 2
	c.EmbdDropout, c.AttnDropout, c.ResidDropout = 0, 0, 0
	c.BosTokenID, c.EosTokenID = nil, nil
	return c
}

func newTinyGPT2(t *testing.T, dt tensor.Dtype) *Decoder {
	t.Helper()
	m, err := NewGPT2(tinyGPT2(), graph.NewParams(dt, 1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestSaveLoadSaveGivesEqualBytes(t *testing.T) {
	for _, test := range goldens {
		t.Run(test.name, func(t *testing.T) {
			m := readGolden(t, test.name).load(t, tensor.Float32)
			first, second := t.TempDir(), t.TempDir()
			if err := m.Save(first); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(first, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if err := loaded.Save(second); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{configName, generationName, safetensors.FileName} {
				a, err := os.ReadFile(filepath.Join(first, name))
				b, err2 := os.ReadFile(filepath.Join(second, name))
				if err := errors.Join(err, err2); err != nil || !bytes.Equal(a, b) {
					t.Errorf("%s differs, error %v\n%s", name, err, cmp.Diff(string(a), string(b)))
				}
			}
		})
	}
}

// stored returns a model's tensors for a file.
func tensorsOf(m Model) []safetensors.Tensor {
	var tensors []safetensors.Tensor
	for _, p := range m.Params() {
		tensors = append(tensors, safetensors.Tensor{Name: p.Name, Shape: p.Shape, Data: p.Value().Data()})
	}
	return tensors
}

func TestLoadOldFiles(t *testing.T) {
	m := newTinyGPT2(t, tensor.Float32)
	head := graph.Data[float32](m.Tokens.Weight)
	tests := []struct {
		name   string
		change func([]safetensors.Tensor) []safetensors.Tensor
		err    string
	}{
		{"without prefix", func(all []safetensors.Tensor) []safetensors.Tensor {
			for i := range all {
				all[i].Name = strings.TrimPrefix(all[i].Name, "transformer.")
			}
			return all
		}, ""},
		{"with masks", func(all []safetensors.Tensor) []safetensors.Tensor {
			return append(all, safetensors.Tensor{Name: "transformer.h.0.attn.bias", Shape: []int{1, 1, 2, 2}, Data: make([]float32, 4)},
				safetensors.Tensor{Name: "transformer.h.0.attn.masked_bias", Data: make([]float32, 1)})
		}, ""},
		{"with an equal head", func(all []safetensors.Tensor) []safetensors.Tensor {
			return append(all, safetensors.Tensor{Name: "lm_head.weight", Shape: []int{11, 8}, Data: head})
		}, ""},
		{"with another head", func(all []safetensors.Tensor) []safetensors.Tensor {
			return append(all, safetensors.Tensor{Name: "lm_head.weight", Shape: []int{11, 8}, Data: make([]float32, 88)})
		}, "differs"},
		{"one missing", func(all []safetensors.Tensor) []safetensors.Tensor { return all[1:] }, `"transformer.wte.weight": missing`},
		{"one more", func(all []safetensors.Tensor) []safetensors.Tensor {
			return append(all, safetensors.Tensor{Name: "transformer.h.1.ln_1.weight", Shape: []int{8}, Data: make([]float32, 8)})
		}, `"transformer.h.1.ln_1.weight"`},
		{"one of another shape", func(all []safetensors.Tensor) []safetensors.Tensor {
			all[1].Shape = []int{4, 16}
			return all
		}, `"transformer.wpe.weight": stored with shape [4 16], expected [8 8]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := m.Save(dir); err != nil {
				t.Fatal(err)
			}
			if err := safetensors.Write(filepath.Join(dir, safetensors.FileName), test.change(tensorsOf(m)), nil); err != nil {
				t.Fatal(err)
			}
			loaded, err := Open(dir, OpenConfig{})
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Errorf("error %v, expected one with %q", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(tensorsOf(m), tensorsOf(loaded)); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestLoadRefuses(t *testing.T) {
	tests := []struct{ name, config, err string }{
		{"no config", "", "no config.json"},
		{"not JSON", "{", "config.json"},
		{"unknown family", `{"model_type": "bloom"}`, `"bloom" is not known; known are`},
		{"heads that don't divide", `{"model_type": "gpt2", "n_embd": 10, "n_head": 3}`, "n_embd 10 is not divisible by n_head 3"},
		{"no layers", `{"model_type": "gpt2", "n_layer": 0}`, "n_layer is 0"},
		{"unknown activation", `{"model_type": "gpt2", "activation_function": "sine"}`, `"sine" is not known`},
		{"a dropout of 1", `{"model_type": "gpt2", "attn_pdrop": 1}`, "attn_pdrop is 1"},
		{"no weights", `{"model_type": "gpt2"}`, "has neither model.safetensors nor"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if test.name != "no weights" {
				if err := newTinyGPT2(t, tensor.Float32).Save(dir); err != nil {
					t.Fatal(err)
				}
			}
			path := filepath.Join(dir, configName)
			os.Remove(path)
			if test.config != "" {
				if err := os.WriteFile(path, []byte(test.config), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			_, err := Open(dir, OpenConfig{})
			if err == nil || !strings.Contains(err.Error(), test.err) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, expected one line with %q", err, test.err)
			}
		})
	}
}

func TestOpenEdited(t *testing.T) {
	dir := t.TempDir()
	if err := newTinyGPT2(t, tensor.Float32).Save(dir); err != nil {
		t.Fatal(err)
	}
	m, err := Open(dir, OpenConfig{Edit: func(config map[string]any) { config["resid_pdrop"] = 0.25 }})
	if err != nil {
		t.Fatal(err)
	}
	want := tinyGPT2()
	want.ResidDropout, want.Architectures = 0.25, []string{"GPT2LMHeadModel"}
	if d := cmp.Diff(want, m.(*Decoder).Config.(GPT2Config)); d != "" {
		t.Error(d)
	}
}

func TestSequenceLongerThanPositions(t *testing.T) {
	m := newTinyGPT2(t, tensor.Float32)
	g := graph.New(graph.Config{})
	m.Logits(g, g.Input("ids", tensor.Int32, 1, 9), nil)
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "at most 8 tokens") {
		t.Errorf("error %v", err)
	}
}

func TestInitialLoss(t *testing.T) {
	// A new model knows nothing: its loss is near the logarithm of the vocabulary.
	m := newTinyGPT2(t, tensor.Float64)
	g := graph.New(graph.Config{DType: tensor.Float64})
	ids, targets := [][]int32{{1, 2, 3, 4, 5, 6, 7, 8}}, [][]int32{{2, 3, 4, 5, 6, 7, 8, 9}}
	loss := m.Loss(g, layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", ids), layers.Targets: input(g, "targets", targets)}}).Total
	run(t, g, loss)
	if got := graph.Scalar(loss); got < 2.38 || got > 2.42 {
		t.Errorf("loss %g, expected about ln 11 = 2.398", got)
	}
}

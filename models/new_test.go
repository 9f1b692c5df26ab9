package models

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// tinySize is a size that all families can have.
func tinySize() Size {
	start, end, pad := 3, 4, 1
	return Size{Vocab: 23, Context: 10, Layers: 2, Heads: 2, Width: 16, Inner: 24, Start: &start, End: &end, Pad: &pad}
}

// newOf makes a new model of a family.
func newOf(arch string, s Size, p *graph.Params) (Model, error) {
	c, err := s.Config(arch)
	if err != nil {
		return nil, err
	}
	return New(c, p)
}

// TestNewOfEachFamily makes a small model of each family, and finds its sizes and all that
// it was made of in the directory that it writes.
func TestNewOfEachFamily(t *testing.T) {
	for _, arch := range Arches() {
		t.Run(arch, func(t *testing.T) {
			m, err := newOf(arch, tinySize(), graph.NewParams(tensor.Float32, 1))
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := m.(trainedModel); !ok {
				t.Errorf("a %T has no loss", m)
			}
			first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
			if err := m.Save(first); err != nil {
				t.Fatal(err)
			}
			again, err := Open(first, OpenConfig{})
			if err != nil {
				t.Fatal(err)
			}
			if again.VocabSize() != 23 || arch != "t5" && again.ContextLength() != 10 {
				t.Errorf("a vocabulary of %d and a context of %d", again.VocabSize(), again.ContextLength())
			}
			if err := again.Save(second); err != nil {
				t.Fatal(err)
			}
			for _, name := range []string{configName, "model.safetensors"} {
				a, errA := os.ReadFile(filepath.Join(first, name))
				b, errB := os.ReadFile(filepath.Join(second, name))
				if errA != nil || errB != nil || !slices.Equal(a, b) {
					t.Errorf("%s differs when it is saved again: %v, %v", name, errA, errB)
				}
			}
		})
	}
}

func TestNewRefuses(t *testing.T) {
	change := func(f func(*Size)) Size { s := tinySize(); f(&s); return s }
	tests := []struct {
		name, arch string
		size       Size
		err        string
	}{
		{"unknown family", "hal9000", tinySize(), `"hal9000" is not known; known are albert, bert`},
		{"no layers", "llama", change(func(s *Size) { s.Layers = 0 }), "number of layers is 0"},
		{"width", "bert", change(func(s *Size) { s.Width = 15 }), "width 15 is not divisible by 2 heads"},
		{"groups", "llama", change(func(s *Size) { s.KVHeads = 3 }), "2 heads are not divisible by 3"},
		{"groups of a family without", "gpt2", change(func(s *Size) { s.KVHeads = 1 }), "this family has as many of both"},
		{"no rotary part", "gpt_neox", change(func(s *Size) { s.Heads = 8 }), "0 of 2 elements to turn"},
		{"no padding", "roberta", change(func(s *Size) { s.Pad = nil }), "padding token"},
		{"nothing to start from", "t5", change(func(s *Size) { s.Start, s.End, s.Pad = nil, nil, nil }), "begin with"},
		{"dropout", "gpt2", change(func(s *Size) { s.Dropout = 1 }), "dropout 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := test.size.Config(test.arch); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
			if _, err := newOf(test.arch, test.size, graph.NewParams(tensor.Float32, 1)); err == nil {
				t.Error("New made it")
			}
		})
	}
}

func TestNewWithHead(t *testing.T) {
	base, err := tinySize().Config("albert")
	if err != nil {
		t.Fatal(err)
	}
	config, err := Head{Task: TaskSequence, Labels: []string{"a", "b", "c"}}.Config(base)
	if err != nil {
		t.Fatal(err)
	}
	m, err := New(config, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	if c, ok := m.(*SequenceClassifier); !ok || c.Config.Classes() != 3 {
		t.Errorf("got a %T", m)
	}
	if _, err := (Head{Task: TaskMasked}).Config(DefaultLlamaConfig()); err == nil || !strings.Contains(err.Error(), "albert, bert, roberta") {
		t.Errorf("a Llama with a head for masked tokens: %v", err)
	}
}

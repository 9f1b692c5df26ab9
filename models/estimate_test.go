package models

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// estimateSize is large enough that activations outweigh the gaps between them.
func estimateSize() Size {
	id := 0
	return Size{Vocab: 40, Context: 64, Layers: 2, Heads: 4, Width: 64, Start: &id, End: &id, Pad: &id}
}

// write continues prompts by tokens 1 as generate does, and returns the most that the scorer's machines take, and its cache.
func write(t *testing.T, m continuer, mem *memory, prompts [][]int32, tokens int) (arena, cache int) {
	t.Helper()
	texts, err := prepare(m, prompts)
	if err != nil {
		t.Fatal(err)
	}
	s := newScorer(m, mem, len(texts), longest(prompts), tokens, layers.NewCache)
	defer s.close()
	for range tokens {
		if _, err := s.next(texts); err != nil {
			t.Fatal(err)
		}
		now := 0
		for _, trace := range []*scorerTrace{s.whole, s.step} {
			if trace != nil {
				now += trace.machine.Memory().Arena
			}
		}
		arena = max(arena, now)
		for i := range texts {
			texts[i].add(1, m.ContextLength())
		}
	}
	return arena, s.cache.Bytes()
}

// TestEstimateGeneration holds what is estimated for a sketch of each family that writes to what writing takes, also where texts outgrow
// the context.
func TestEstimateGeneration(t *testing.T) {
	for _, arch := range Arches() {
		m, err := New(arch, estimateSize(), graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		sketch, err := SketchNew(arch, estimateSize())
		if err != nil {
			t.Fatal(err)
		}
		config := GenerateConfig{MaxNewTokens: 3, Temperature: 1, RepetitionPenalty: 2}
		writer, ok := m.(continuer)
		if !ok {
			if _, err := EstimateGeneration(sketch, [][]int32{{1}}, config); err == nil {
				t.Errorf("%s: an estimate for a model that doesn't write", arch)
			}
			continue
		}
		for _, c := range []struct{ texts, length, tokens int }{{1, 5, 3}, {3, 40, 1}, {2, 33, 20}, {2, 5, 60}, {2, 5, 61}} {
			config.MaxNewTokens = c.tokens
			prompts := slices.Repeat([][]int32{slices.Repeat([]int32{1}, c.length)}, c.texts)
			got, err := EstimateGeneration(sketch, prompts, config)
			if err != nil {
				t.Fatal(err)
			}
			want := GenerationMemory{Parameters: 4 * int(CountParameters(m)), Scores: c.texts * 40 * (4 + 1 + 24)}
			if from, ok := m.(Seq2Seq); ok {
				mem, err := remember(from, prompts)
				if err != nil {
					t.Fatal(err)
				}
				want.Sources = c.texts * c.length * 64 * 4
				want.Arena, want.Cache = write(t, writer, mem, slices.Repeat([][]int32{{1}}, c.texts), c.tokens)
			} else {
				want.Arena, want.Cache = write(t, writer, nil, prompts, c.tokens)
			}
			exact := got
			exact.Arena = want.Arena
			if exact != want || float64(got.Arena) < 0.95*float64(want.Arena) || float64(got.Arena) > 1.1*float64(want.Arena) {
				t.Errorf("%s, %d prompts of %d tokens and %d more: estimated %+v, took %+v", arch, c.texts, c.length, c.tokens, got, want)
			}
		}
		for _, p := range sketch.Params() {
			if p.Value() != nil {
				t.Fatalf("%s: the sketch has got values", arch)
			}
		}
	}
}

// TestEstimateBeamSearch has a search take what as many texts take, with a cache to copy.
func TestEstimateBeamSearch(t *testing.T) {
	for _, arch := range []string{"llama", "t5"} {
		sketch, err := SketchNew(arch, estimateSize())
		if err != nil {
			t.Fatal(err)
		}
		prompts := [][]int32{{1}, {1, 2, 3}}
		search, err := EstimateBeamSearch(sketch, prompts, BeamConfig{Beams: 5, MaxNewTokens: 7})
		if err != nil {
			t.Fatal(err)
		}
		texts, err := EstimateGeneration(sketch, slices.Repeat(prompts[1:], 5), GenerateConfig{MaxNewTokens: 7})
		if err != nil {
			t.Fatal(err)
		}
		texts.Cache *= 2
		texts.Scores += 40 * 24
		if search != texts {
			t.Errorf("%s: %+v, want %+v", arch, search, texts)
		}
	}
}

// TestEstimateBounds has more tokens than any context take what a full context takes, and refuses a source that no encoder reads.
func TestEstimateBounds(t *testing.T) {
	sketch := func(arch string) Model {
		m, err := SketchNew(arch, estimateSize())
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	some, err1 := EstimateGeneration(sketch("llama"), [][]int32{{1, 2}}, GenerateConfig{MaxNewTokens: 1000})
	most, err2 := EstimateGeneration(sketch("llama"), [][]int32{{1, 2}}, GenerateConfig{MaxNewTokens: math.MaxInt})
	if some != most || err1 != nil || err2 != nil {
		t.Errorf("%+v, %v, for all tokens %+v, %v", some, err1, most, err2)
	}
	endless, err := EstimateGeneration(sketch("t5"), [][]int32{{1, 2}}, GenerateConfig{MaxNewTokens: math.MaxInt})
	if err != nil || endless.Cache < 1<<30 {
		t.Errorf("without a bound on the context: %+v, %v", endless, err)
	}
	_, err = EstimateGeneration(sketch("transformer"), [][]int32{make([]int32, 65)}, GenerateConfig{MaxNewTokens: 1})
	if err == nil || !strings.Contains(err.Error(), "a source of 65 tokens, the model takes 64") {
		t.Errorf("a source that is too long: %v", err)
	}
	for _, c := range []GenerateConfig{{}, {MaxNewTokens: 1, TopP: 2}} {
		if _, err := EstimateGeneration(sketch("llama"), [][]int32{{1}}, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

package generate

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// estimateSize is large enough that activations outweigh the gaps between them.
func estimateSize() models.Size {
	id := 0
	return models.Size{Vocab: 40, Context: 64, Layers: 2, Heads: 4, Width: 64, Start: &id, End: &id, Pad: &id}
}

// writeOnes writes tokens 1 for prompts as write does, and returns the most that the scorer's machines take, and its cache.
func writeOnes(t *testing.T, m Model, prompts [][]int32, tokens int) (arena, cache int) {
	t.Helper()
	texts, sources, err := begin(m, prompts)
	if err != nil {
		t.Fatal(err)
	}
	longest := 0
	for _, t := range texts {
		longest = max(longest, len(t.ids))
	}
	s := newScorer(m, sources, len(texts), longest, tokens, layers.NewCache)
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

// newModel makes a model of a family.
func newModel(arch string, p *graph.Params) (models.Model, error) {
	c, err := estimateSize().Config(arch)
	if err != nil {
		return nil, err
	}
	return models.New(c, p)
}

// TestEstimateGeneration holds what is estimated for a sketch of each family that writes to what writing takes, also where texts outgrow
// the context.
func TestEstimateGeneration(t *testing.T) {
	for _, arch := range models.Arches() {
		m, err := newModel(arch, graph.NewParams(tensor.Float32, 1))
		if err != nil {
			t.Fatal(err)
		}
		sketch, err := newModel(arch, graph.SketchParams(tensor.Float32, nil))
		if err != nil {
			t.Fatal(err)
		}
		config := Config{MaxNewTokens: 3, Temperature: 1, RepetitionPenalty: number(2)}
		writer, ok := m.(Model)
		if !ok {
			continue
		}
		for _, c := range []struct{ texts, length, tokens int }{{1, 5, 3}, {3, 40, 1}, {2, 33, 20}, {2, 5, 60}, {2, 5, 61}} {
			config.MaxNewTokens = c.tokens
			prompts := slices.Repeat([][]int32{slices.Repeat([]int32{1}, c.length)}, c.texts)
			got, err := Estimate(sketch.(Model), prompts, config)
			if err != nil {
				t.Fatal(err)
			}
			want := Memory{Parameters: 4 * int(models.CountParameters(m)), Scores: c.texts * 40 * (4 + 1 + 24)}
			want.Arena, want.Cache = writeOnes(t, writer, prompts, c.tokens)
			if _, ok := m.(Encoder); ok {
				want.Sources = c.texts * c.length * 64 * 4
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
		sketch, err := newModel(arch, graph.SketchParams(tensor.Float32, nil))
		if err != nil {
			t.Fatal(err)
		}
		prompts := [][]int32{{1}, {1, 2, 3}}
		search, err := EstimateBeamSearch(sketch.(Model), prompts, BeamConfig{Beams: 5, MaxNewTokens: 7})
		if err != nil {
			t.Fatal(err)
		}
		texts, err := Estimate(sketch.(Model), slices.Repeat(prompts[1:], 5), Config{MaxNewTokens: 7})
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
		m, err := newModel(arch, graph.SketchParams(tensor.Float32, nil))
		if err != nil {
			t.Fatal(err)
		}
		return m.(Model)
	}
	some, err1 := Estimate(sketch("llama"), [][]int32{{1, 2}}, Config{MaxNewTokens: 1000})
	most, err2 := Estimate(sketch("llama"), [][]int32{{1, 2}}, Config{MaxNewTokens: math.MaxInt})
	if some != most || err1 != nil || err2 != nil {
		t.Errorf("%+v, %v, for all tokens %+v, %v", some, err1, most, err2)
	}
	endless, err := Estimate(sketch("t5"), [][]int32{{1, 2}}, Config{MaxNewTokens: math.MaxInt})
	if err != nil || endless.Cache < 1<<30 {
		t.Errorf("without a bound on the context: %+v, %v", endless, err)
	}
	_, err = Estimate(sketch("transformer"), [][]int32{make([]int32, 65)}, Config{MaxNewTokens: 1})
	if err == nil || !strings.Contains(err.Error(), "a source of 65 tokens, the model takes 64") {
		t.Errorf("a source that is too long: %v", err)
	}
	for _, c := range []Config{{}, {MaxNewTokens: 1, TopP: number(2)}} {
		if _, err := Estimate(sketch("llama"), [][]int32{{1}}, c); err == nil {
			t.Errorf("%+v: no error", c)
		}
	}
}

package models

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// generationCase is what testdata/generation.py writes of a family.
type generationCase struct {
	Config     json.RawMessage
	Gain       float64 // of the parameters
	Shapes     map[string][]int
	Prompts    [][]int32
	Greedy     [][]int32
	Penalized  [][]int32 // of prompt 2
	Beams      [][]int32
	ShortBeams [][]int32 `json:"short_beams"` // of prompt 3
}

// Settings of testdata/generation.py.
const (
	generationNew   = 64
	generationBeams = 4
	generationEnd   = 7
)

func (c generationCase) load(t *testing.T) trainedModel {
	g := goldenCase{Config: c.Config, Gain: c.Gain, Parameters: map[string]goldenParameter{}}
	for name, shape := range c.Shapes {
		g.Parameters[name] = goldenParameter{Shape: shape}
	}
	return g.load(t, tensor.Float64)
}

// continueAll continues prompts, or writes about them as sources, side by side.
func continueAll(t *testing.T, m Model, prompts [][]int32, config generate.Config) [][]int32 {
	t.Helper()
	ids, err := generate.Batch(context.Background(), m.(generate.Model), prompts, config)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func search(t *testing.T, m Model, prompt []int32, lengthPenalty float64) []int32 {
	t.Helper()
	config := generate.BeamConfig{Beams: generationBeams, MaxNewTokens: generationNew, LengthPenalty: lengthPenalty, Stop: []int32{generationEnd}}
	ids, err := generate.BeamSearch(context.Background(), m.(generate.Model), prompt, config)
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func TestGenerationEqualsTransformers(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "generation.json"))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]generationCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := c.load(t)
			check := func(what string, prompt, got, want []int32) {
				if !slices.Equal(got, want) {
					t.Errorf("%s after %v:\n%v, expected\n%v", what, prompt, got, want)
				}
			}
			greedy := generate.Config{MaxNewTokens: generationNew}
			all := continueAll(t, m, c.Prompts, greedy)
			for i, prompt := range c.Prompts {
				check("greedy", prompt, all[i], c.Greedy[i])
				check("beams", prompt, search(t, m, prompt, 1), c.Beams[i])
			}
			check("greedy alone", c.Prompts[4], continueAll(t, m, c.Prompts[4:], greedy)[0], c.Greedy[4])
			penalized := generate.Config{MaxNewTokens: generationNew, RepetitionPenalty: pointer(1.3)}
			check("with a repetition penalty", c.Prompts[2], continueAll(t, m, c.Prompts[2:3], penalized)[0], c.Penalized[0])
			check("beams for short texts", c.Prompts[3], search(t, m, c.Prompts[3], -0.5), c.ShortBeams[0])
		})
	}
}

// greedy continues a prompt by tracing the model anew for every token.
func greedy(t *testing.T, m CausalLM, prompt []int32, n int) []int32 {
	t.Helper()
	ids := slices.Clone(prompt)
	for range n {
		window := ids[max(0, len(ids)-m.ContextLength()):]
		g := graph.New(graph.Config{})
		logits := m.Logits(g, input(g, "ids", [][]int32{window}), nil)
		run(t, g, logits)
		all := graph.Floats[float32](logits)
		last := all[len(all)-m.VocabSize():]
		ids = append(ids, int32(slices.Index(last, slices.Max(last))))
	}
	return ids[len(prompt):]
}

func TestGreedyBeyondTheContext(t *testing.T) {
	for _, test := range goldens {
		t.Run(test.name, func(t *testing.T) {
			m, ok := readGolden(t, test.name).load(t, tensor.Float32).(CausalLM)
			if !ok {
				t.Skip("the model doesn't continue texts")
			}
			for _, prompt := range [][]int32{{3}, {5, 1, 2, 6, 9, 9, 0, 4, 3, 2, 1, 5, 7, 8}} {
				want := greedy(t, m, prompt, 20)
				if got := continueAll(t, m, [][]int32{prompt}, generate.Config{MaxNewTokens: 20})[0]; !slices.Equal(got, want) {
					t.Errorf("after %v: got %v, expected %v", prompt, got, want)
				}
			}
		})
	}
}

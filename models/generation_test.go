package models

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

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
func continueAll(t *testing.T, m Model, prompts [][]int32, config GenerateConfig) [][]int32 {
	t.Helper()
	var ids [][]int32
	var err error
	if pair, ok := m.(Seq2Seq); ok {
		ids, err = GenerateBatchFrom(context.Background(), pair, prompts, config)
	} else {
		ids, err = GenerateBatch(context.Background(), m.(CausalLM), prompts, config)
	}
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func search(t *testing.T, m Model, prompt []int32, lengthPenalty float64) []int32 {
	t.Helper()
	config := BeamConfig{Beams: generationBeams, MaxNewTokens: generationNew, LengthPenalty: lengthPenalty, Stop: []int32{generationEnd}}
	var ids []int32
	var err error
	if pair, ok := m.(Seq2Seq); ok {
		ids, err = BeamSearchFrom(context.Background(), pair, prompt, config)
	} else {
		ids, err = BeamSearch(context.Background(), m.(CausalLM), prompt, config)
	}
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
			greedy := GenerateConfig{MaxNewTokens: generationNew}
			all := continueAll(t, m, c.Prompts, greedy)
			for i, prompt := range c.Prompts {
				check("greedy", prompt, all[i], c.Greedy[i])
				check("beams", prompt, search(t, m, prompt, 1), c.Beams[i])
			}
			check("greedy alone", c.Prompts[4], continueAll(t, m, c.Prompts[4:], greedy)[0], c.Greedy[4])
			penalized := GenerateConfig{MaxNewTokens: generationNew, RepetitionPenalty: 1.3}
			check("with a repetition penalty", c.Prompts[2], continueAll(t, m, c.Prompts[2:3], penalized)[0], c.Penalized[0])
			check("beams for short texts", c.Prompts[3], search(t, m, c.Prompts[3], -0.5), c.ShortBeams[0])
		})
	}
}

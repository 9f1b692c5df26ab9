package models

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

func collect(t *testing.T, m CausalLM, prompt []int32, c GenerateConfig) []int32 {
	t.Helper()
	var ids []int32
	for id, err := range Generate(context.Background(), m, prompt, c) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
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
				if got := collect(t, m, prompt, GenerateConfig{MaxNewTokens: 20}); !slices.Equal(got, want) {
					t.Errorf("after %v: got %v, expected %v", prompt, got, want)
				}
			}
		})
	}
}

func TestSamplingFollowsTheSeed(t *testing.T) {
	m := newTinyGPT2(t, tensor.Float32)
	c := GenerateConfig{MaxNewTokens: 30, Temperature: 1, Seed: 5}
	first := collect(t, m, []int32{1}, c)
	if again := collect(t, m, []int32{1}, c); !slices.Equal(first, again) {
		t.Errorf("the same seed gave %v and %v", first, again)
	}
	c.Seed++
	if other := collect(t, m, []int32{1}, c); slices.Equal(first, other) {
		t.Errorf("two seeds gave %v", first)
	}
	c.Stop = []int32{first[4]}
	c.Seed--
	want := first[:slices.Index(first, first[4])+1]
	if got := collect(t, m, []int32{1}, c); !slices.Equal(got, want) {
		t.Errorf("with a stop token: %v, expected %v", got, want)
	}
}

// TestEndedEndsEachText ends texts after as many tokens as their first one says, one by one, side
// by side and in a search.
func TestEndedEndsEachText(t *testing.T) {
	m := newTinyGPT2(t, tensor.Float32)
	prompts := [][]int32{{1}, {2, 3}, {4, 5, 6}}
	free := GenerateConfig{MaxNewTokens: 12}
	want, err := GenerateBatch(context.Background(), m, prompts, free)
	if err != nil {
		t.Fatal(err)
	}
	until := free
	until.Ended = func(ids []int32) bool { return len(ids) == 1+int(ids[0]) }
	got, err := GenerateBatch(context.Background(), m, prompts, until)
	if err != nil {
		t.Fatal(err)
	}
	for i, prompt := range prompts {
		short := want[i][:min(len(want[i]), 1+int(want[i][0]))]
		if !slices.Equal(got[i], short) {
			t.Errorf("after %v: %v side by side, expected %v", prompt, got[i], short)
		}
		if alone := collect(t, m, prompt, until); !slices.Equal(alone, short) {
			t.Errorf("after %v: %v alone, expected %v", prompt, alone, short)
		}
	}
	beams, err := BeamSearch(context.Background(), m, prompts[1], BeamConfig{Beams: 3, MaxNewTokens: 12, LengthPenalty: 1, Ended: func(ids []int32) bool { return len(ids) == 5 }})
	if err != nil || len(beams) != 5 {
		t.Errorf("a search gave %v, %v; expected five tokens", beams, err)
	}
}

func TestGenerateErrors(t *testing.T) {
	m := newTinyGPT2(t, tensor.Float32)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		prompt []int32
		config GenerateConfig
		err    string
	}{
		{"empty prompt", context.Background(), nil, GenerateConfig{MaxNewTokens: 1}, "prompt is empty"},
		{"id outside", context.Background(), []int32{11}, GenerateConfig{MaxNewTokens: 1}, "outside of the vocabulary of 11"},
		{"no tokens", context.Background(), []int32{1}, GenerateConfig{}, "0 new tokens"},
		{"temperature", context.Background(), []int32{1}, GenerateConfig{MaxNewTokens: 1, Temperature: -1}, "temperature -1"},
		{"top-p", context.Background(), []int32{1}, GenerateConfig{MaxNewTokens: 1, TopP: 2}, "top-p 2"},
		{"cancelled", cancelled, []int32{1}, GenerateConfig{MaxNewTokens: 1}, "canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var last error
			for _, err := range Generate(test.ctx, m, test.prompt, test.config) {
				last = errors.Join(last, err)
			}
			if last == nil || !strings.Contains(last.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", last, test.err)
			}
		})
	}
}

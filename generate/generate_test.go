package generate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

func newTiny(t *testing.T) Model { return newTinyOf(t, 8) }

// newTinyOf makes a model with a context of so many tokens.
func newTinyOf(t *testing.T, context int) Model {
	t.Helper()
	c := models.DefaultGPT2Config()
	c.VocabSize, c.NPositions, c.NEmbd, c.NLayer, c.NHead = 11, context, 8, 1, 2
	m, err := models.NewGPT2(c, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func collect(t *testing.T, m Model, prompt []int32, c Config) []int32 {
	t.Helper()
	var ids []int32
	for id, err := range Stream(context.Background(), m, prompt, c) {
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

func TestSamplingFollowsTheSeed(t *testing.T) {
	m := newTiny(t)
	c := Config{MaxNewTokens: 30, Temperature: 1, Seed: 5}
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
	m := newTiny(t)
	prompts := [][]int32{{1}, {2, 3}, {4, 5, 6}}
	free := Config{MaxNewTokens: 12}
	want, err := Batch(context.Background(), m, prompts, free)
	if err != nil {
		t.Fatal(err)
	}
	until := free
	until.Ended = func(ids []int32) bool { return len(ids) == 1+int(ids[0]) }
	got, err := Batch(context.Background(), m, prompts, until)
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
	m := newTiny(t)
	cancelled, cancel := context.WithCancel(context.Background())
	cancel()
	tests := []struct {
		name   string
		ctx    context.Context
		prompt []int32
		config Config
		err    string
	}{
		{"empty prompt", context.Background(), nil, Config{MaxNewTokens: 1}, "prompt is empty"},
		{"id outside", context.Background(), []int32{11}, Config{MaxNewTokens: 1}, "outside of the vocabulary of 11"},
		{"no tokens", context.Background(), []int32{1}, Config{}, "0 new tokens"},
		{"temperature", context.Background(), []int32{1}, Config{MaxNewTokens: 1, Temperature: -1}, "temperature -1"},
		{"top-p", context.Background(), []int32{1}, Config{MaxNewTokens: 1, TopP: number(2)}, "top-p 2"},
		{"cancelled", cancelled, []int32{1}, Config{MaxNewTokens: 1}, "canceled"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var last error
			for _, err := range Stream(test.ctx, m, test.prompt, test.config) {
				last = errors.Join(last, err)
			}
			if last == nil || !strings.Contains(last.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", last, test.err)
			}
		})
	}
}

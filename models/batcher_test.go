package models

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/generate"
	"gorgonia.org/tensor"
)

func newBatcher(t *testing.T, m generate.Model, rows int) *generate.Batcher {
	t.Helper()
	b, err := generate.NewBatcher(m, generate.BatcherConfig{Rows: rows})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// TestBatcherEqualsTransformers compares greedy texts that are written side by side with those of transformers, up to the end of the context.
func TestBatcherEqualsTransformers(t *testing.T) {
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
			m := c.load(t).(generate.Model)
			if _, about := m.(generate.Encoder); about {
				t.Skip("it writes about texts")
			}
			b := newBatcher(t, m, 4)
			var requests []generate.Request
			for _, prompt := range c.Prompts {
				requests = append(requests, generate.Request{Prompt: prompt, Config: generate.Config{MaxNewTokens: generationNew}})
			}
			got, err := b.Write(t.Context(), requests)
			if err != nil {
				t.Fatal(err)
			}
			for i, w := range got {
				n := min(generationNew, m.ContextLength()-len(c.Prompts[i]))
				if want := c.Greedy[i][:n]; !slices.Equal(w[0].IDs, want) {
					t.Errorf("after %v:\n%v, expected\n%v", c.Prompts[i], w[0].IDs, want)
				}
			}
		})
	}
}

// TestBatcherKeepsTextsApart compares texts that are written beside others with the same alone, in float32, logarithms of probabilities
// included, bit by bit, and the tokens with those of generate.Stream.
func TestBatcherKeepsTextsApart(t *testing.T) {
	for _, test := range goldens {
		t.Run(test.name, func(t *testing.T) {
			m, ok := readGolden(t, test.name).load(t, tensor.Float32).(generate.Model)
			if !ok {
				t.Skip("the model doesn't write texts")
			}
			if _, about := m.(generate.Encoder); about {
				t.Skip("it writes about texts")
			}
			r := rand.New(rand.NewPCG(1, 2))
			var requests []generate.Request
			for i := range 7 {
				request := generate.Request{Prompt: make([]int32, 1+r.IntN(m.ContextLength()-2)), LogProbs: true}
				for k := range request.Prompt {
					request.Prompt[k] = r.Int32N(int32(m.VocabSize()))
				}
				request.Config = generate.Config{MaxNewTokens: 1 + r.IntN(8), Temperature: float64(i % 2), Seed: uint64(i)}
				requests = append(requests, request)
			}
			together, err := newBatcher(t, m, 3).Write(t.Context(), requests)
			if err != nil {
				t.Fatal(err)
			}
			alone := newBatcher(t, m, 1)
			for i, request := range requests {
				one, err := alone.Write(t.Context(), []generate.Request{request})
				if err != nil {
					t.Fatal(err)
				}
				if want, got := one[0][0], together[i][0]; !slices.Equal(got.IDs, want.IDs) || !slices.Equal(got.LogProbs, want.LogProbs) {
					t.Errorf("text %d: %v beside others, %v alone", i, got, want)
				}
				streamed := continueAll(t, m.(Model), [][]int32{request.Prompt}, request.Config)[0]
				if got := together[i][0].IDs; !slices.Equal(got, streamed[:len(got)]) {
					t.Errorf("text %d: %v, Stream writes %v", i, got, streamed)
				}
			}
		})
	}
}

package generate

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func newTestBatcher(t *testing.T, m Model, c BatcherConfig) *Batcher {
	t.Helper()
	b, err := NewBatcher(m, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

// randomPrompt returns a prompt of so many ids of the tiny model.
func randomPrompt(r *rand.Rand, n int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = r.Int32N(11)
	}
	return ids
}

// TestBatcherEqualsStream writes requests of all lengths side by side that come while others are written, and compares with each by itself.
func TestBatcherEqualsStream(t *testing.T) {
	m := newTinyOf(t, 256)
	b := newTestBatcher(t, m, BatcherConfig{Rows: 5, Cells: 700})
	r := rand.New(rand.NewPCG(1, 2))
	var done sync.WaitGroup
	for i := range 24 {
		request := Request{Prompt: randomPrompt(r, 1+r.IntN(200)), Stream: uint64(i), LogProbs: i%2 == 0, TopLogProbs: i % 3}
		request.Config = Config{MaxNewTokens: 1 + r.IntN(20), Temperature: float64(i%3) / 2, Seed: uint64(i), TopK: i % 4}
		if i%5 == 0 {
			request.Config.RepetitionPenalty = number(1.3)
		}
		done.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			var got []int32
			for token, err := range b.Stream(t.Context(), request) {
				if err != nil {
					t.Error(err)
					return
				}
				got = append(got, token.ID)
				if len(token.Top) != request.TopLogProbs {
					t.Errorf("%d scores, expected %d", len(token.Top), request.TopLogProbs)
				}
			}
			alone, err := NewBatcher(m, BatcherConfig{Rows: 1})
			if err != nil {
				t.Error(err)
				return
			}
			defer alone.Close()
			want, err := alone.Write(t.Context(), []Request{request})
			if err != nil || !slices.Equal(got, want[0][0].IDs) {
				t.Errorf("%d behind %d tokens: %v side by side, alone %v, %v", i, len(request.Prompt), got, want, err)
			}
			if request.Stream = 0; request.Config.Temperature == 0 {
				if other := collect(t, m, request.Prompt, request.Config); !slices.Equal(got, other) {
					t.Errorf("%d behind %d tokens: %v, Stream writes %v", i, len(request.Prompt), got, other)
				}
			}
		})
	}
	done.Wait()
	if writing, waiting := b.Load(); writing+waiting > 0 {
		time.Sleep(50 * time.Millisecond)
		if writing, waiting = b.Load(); writing+waiting > 0 {
			t.Errorf("%d rows and %d requests are left", writing, waiting)
		}
	}
	if b.mu.Lock(); len(b.free.free) != 1 || b.free.free[0] != (cellRange{0, 700}) {
		t.Errorf("free cells %v", b.free.free)
	}
	b.mu.Unlock()
}

// TestBatcherSamples compares samples of one prompt with requests of their own, and their logarithms with the logits.
func TestBatcherSamples(t *testing.T) {
	m := newTinyOf(t, 256)
	b := newTestBatcher(t, m, BatcherConfig{Rows: 6})
	prompt := randomPrompt(rand.New(rand.NewPCG(3, 4)), 100)
	c := Config{MaxNewTokens: 12, Temperature: 1.2, TopK: 6, Seed: 9}
	group, err := b.Write(t.Context(), []Request{{Prompt: prompt, Config: c, Samples: 4, LogProbs: true}, {Prompt: prompt[:1], Config: c}})
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range group[0] {
		var got []int32
		for token, err := range b.Stream(t.Context(), Request{Prompt: prompt, Config: c, Stream: uint64(i), LogProbs: true, TopLogProbs: 11}) {
			if err != nil {
				t.Fatal(err)
			}
			if token.LogProb != w.LogProbs[len(got)] {
				t.Errorf("sample %d: log probability %g, expected %g", i, w.LogProbs[len(got)], token.LogProb)
			}
			sum := 0.0
			for k, s := range token.Top {
				sum += math.Exp(s.LogProb)
				if k > 0 && s.LogProb > token.Top[k-1].LogProb || s.ID == token.ID && s.LogProb != token.LogProb {
					t.Errorf("scores %v beside %v", token.Top, token)
				}
			}
			if math.Abs(sum-1) > 1e-6 {
				t.Errorf("probabilities add up to %g", sum)
			}
			got = append(got, token.ID)
		}
		if !slices.Equal(got, w.IDs) {
			t.Errorf("sample %d: %v in a group, %v alone", i, w.IDs, got)
		}
	}
	if slices.Equal(group[0][0].IDs, group[0][1].IDs) {
		t.Error("two samples are the same")
	}
}

// TestBatcherEnds ends texts in each way.
func TestBatcherEnds(t *testing.T) {
	m := newTinyOf(t, 24)
	b := newTestBatcher(t, m, BatcherConfig{Rows: 2})
	prompt := []int32{1, 2, 3}
	free, err := b.Write(t.Context(), []Request{{Prompt: prompt, Config: Config{MaxNewTokens: 100, Temperature: 1}}})
	if err != nil || len(free[0][0].IDs) != 21 {
		t.Fatalf("%v, %v, expected as many tokens as the context has left", free, err)
	}
	all := free[0][0].IDs
	for name, request := range map[string]Request{
		"stop":  {Config: Config{MaxNewTokens: 100, Stop: []int32{all[4]}}},
		"ended": {Config: Config{MaxNewTokens: 100, Ended: func(ids []int32) bool { return ids[len(ids)-1] == all[4] }}},
		"end":   {Config: Config{MaxNewTokens: 100}, End: func(_ int, t Token) bool { return t.ID == all[4] }},
	} {
		request.Prompt, request.Config.Temperature = prompt, 1
		got, err := b.Write(t.Context(), []Request{request})
		if want := all[:slices.Index(all, all[4])+1]; err != nil || !slices.Equal(got[0][0].IDs, want) {
			t.Errorf("%s: %v, %v, expected %v", name, got, err, want)
		}
	}
	for range b.Stream(t.Context(), Request{Prompt: prompt, Config: Config{MaxNewTokens: 20}}) {
		break // the others go on
	}
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	for _, err := range b.Stream(ctx, Request{Prompt: prompt, Config: Config{MaxNewTokens: 20, Ended: func([]int32) bool { cancel(); return false }}}) {
		if n++; err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
	}
	for name, test := range map[string]struct {
		request Request
		err     string
	}{
		"nothing":      {Request{Config: Config{MaxNewTokens: 1}}, "prompt is empty"},
		"outside":      {Request{Prompt: []int32{11}, Config: Config{MaxNewTokens: 1}}, "outside of the vocabulary"},
		"no tokens":    {Request{Prompt: prompt}, "0 new tokens"},
		"long":         {Request{Prompt: make([]int32, 24), Config: Config{MaxNewTokens: 1}}, "leaves no room"},
		"many samples": {Request{Prompt: prompt, Config: Config{MaxNewTokens: 1}, Samples: 3}, "3 samples"},
	} {
		if _, err := b.Write(t.Context(), []Request{test.request}); err == nil || !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: %v, expected %q", name, err, test.err)
		}
	}
	b.Close()
	if _, err := b.Write(t.Context(), []Request{{Prompt: prompt, Config: Config{MaxNewTokens: 1}}}); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

// TestBatcherClosesUnderWay closes a batcher while texts are written and wait.
func TestBatcherClosesUnderWay(t *testing.T) {
	b := newTestBatcher(t, newTinyOf(t, 4096), BatcherConfig{Rows: 1})
	begun := make(chan struct{}, 1)
	var done sync.WaitGroup
	for range 3 {
		done.Go(func() {
			ended := func([]int32) bool {
				select {
				case begun <- struct{}{}:
				default:
				}
				return false
			}
			if _, err := b.Write(t.Context(), []Request{{Prompt: []int32{1}, Config: Config{MaxNewTokens: 4000, Ended: ended}}}); !errors.Is(err, ErrClosed) {
				t.Errorf("%v, expected that the batcher is closed", err)
			}
		})
	}
	<-begun
	b.Close()
	done.Wait()
}

func TestCellSpace(t *testing.T) {
	s, r := newCellSpace(100), rand.New(rand.NewPCG(5, 6))
	used, held := make([]bool, 100), []cellRange{}
	for range 2000 {
		if r.IntN(2) == 0 {
			c, ok := s.take(1 + r.IntN(30))
			for i := c.from; ok && i < c.to; i++ {
				if used[i] {
					t.Fatalf("cell %d was given twice", i)
				}
				used[i] = true
			}
			if ok {
				held = append(held, c)
			}
		} else if len(held) > 0 {
			i := r.IntN(len(held))
			s.give(held[i])
			for k := held[i].from; k < held[i].to; k++ {
				used[k] = false
			}
			held = slices.Delete(held, i, i+1)
		}
	}
	for _, c := range held {
		s.give(c)
	}
	if len(s.free) != 1 || s.free[0] != (cellRange{0, 100}) {
		t.Errorf("free cells %v in the end", s.free)
	}
}

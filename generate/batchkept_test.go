package generate

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestBatcherKeeps holds a conversation whose turns begin as those before, and compares with a batcher that keeps nothing. Cells are copied where a turn may become
// longer than those before, and taken over where it may not.
func TestBatcherKeeps(t *testing.T) {
	m := newTinyOf(t, 512)
	for _, c := range []struct {
		name        string
		cells, most int
	}{{"copied", 4096, 20}, {"taken over", 4096, 512}, {"little room", 512, 20}} {
		t.Run(c.name, func(t *testing.T) {
			b, plain := newTestBatcher(t, m, BatcherConfig{Rows: 3, Cells: c.cells, Keep: true}), newTestBatcher(t, m, BatcherConfig{Rows: 3, Cells: c.cells})
			r := rand.New(rand.NewPCG(1, 2))
			prompt, want := randomPrompt(r, 150), 0
			for turn := range 5 {
				request := Request{Prompt: prompt, LogProbs: true, Config: Config{MaxNewTokens: c.most, Temperature: 1, Seed: uint64(turn)}}
				request.Config.Ended = func(ids []int32) bool { return len(ids) == 20 }
				if turn == 1 {
					request.Samples = 2
				}
				got := writtenBy(t, b, request)
				for i, w := range writtenBy(t, plain, request) {
					if len(w.IDs) != 20 || !slices.Equal(got[i].IDs, w.IDs) || !slices.Equal(got[i].LogProbs, w.LogProbs) {
						t.Errorf("turn %d: %v, without what was kept %v", turn, got[i], w)
					}
				}
				if spared := sparedBy(b); c.cells == 4096 && spared != want {
					t.Errorf("turn %d: %d tokens weren't read again, expected %d", turn, spared, want)
				}
				want += len(prompt) / promptPiece * promptPiece
				prompt = slices.Concat(prompt, got[0].IDs, randomPrompt(r, 10+turn*20))
				writtenBy(t, b, Request{Prompt: randomPrompt(r, 100*turn+1), Config: Config{MaxNewTokens: 20}}) // something else
			}
			b.Forget()
			before := sparedBy(b)
			writtenBy(t, b, Request{Prompt: prompt, Config: Config{MaxNewTokens: 1}})
			if spared := sparedBy(b); spared != before {
				t.Errorf("%d tokens weren't read again though all was forgotten", spared-before)
			}
			b.Forget()
			if b.mu.Lock(); len(b.free.free) != 1 || b.free.free[0] != (cellRange{0, c.cells}) {
				t.Errorf("free cells %v in the end", b.free.free)
			}
			b.mu.Unlock()
		})
	}
}

// TestBatcherKeepsForMany writes texts side by side that begin alike, in little room, and compares with each by itself.
func TestBatcherKeepsForMany(t *testing.T) {
	m := newTinyOf(t, 512)
	b, plain := newTestBatcher(t, m, BatcherConfig{Rows: 4, Cells: 900, Keep: true}), newTestBatcher(t, m, BatcherConfig{Rows: 1})
	r := rand.New(rand.NewPCG(3, 4))
	begins := [][]int32{randomPrompt(r, 64), randomPrompt(r, 128), randomPrompt(r, 200)}
	var done sync.WaitGroup
	for i := range 40 {
		request := Request{Prompt: slices.Concat(begins[i%3], randomPrompt(r, 1+r.IntN(100))), Config: Config{MaxNewTokens: 1 + r.IntN(30), Temperature: 1, Seed: uint64(i)}}
		want := writtenBy(t, plain, request)[0].IDs
		done.Go(func() {
			time.Sleep(time.Duration(i) * time.Millisecond)
			if got := writtenBy(t, b, request)[0].IDs; !slices.Equal(got, want) {
				t.Errorf("text %d: %v beside others, alone %v", i, got, want)
			}
		})
	}
	done.Wait()
	if sparedBy(b) == 0 {
		t.Error("all was read again")
	}
}

func writtenBy(t *testing.T, b *Batcher, r Request) []Written {
	t.Helper()
	all, err := b.Write(t.Context(), []Request{r})
	if err != nil {
		t.Error(err)
		return make([]Written, max(1, r.Samples))
	}
	return all[0]
}

// sparedBy returns how many tokens weren't read again, once all rows are gone.
func sparedBy(b *Batcher) int {
	for {
		b.mu.Lock()
		rows, spared := len(b.rows), b.spared
		b.mu.Unlock()
		if rows == 0 {
			return spared
		}
		time.Sleep(time.Millisecond)
	}
}

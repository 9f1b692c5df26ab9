package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// counting returns the tokens 0, 1, …, n-1, so that a token tells its place.
func counting(t interface{ Fatal(...any) }, n int) *Tokens {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i)
	}
	tokens, err := NewTokens(ids, max(n, 1))
	if err != nil {
		t.Fatal(err)
	}
	return tokens
}

// checkPairs checks that each target follows its token in a text of counting tokens, and returns the targets.
func checkPairs(t interface{ Fatalf(string, ...any) }, b *Batch) []int {
	var targets []int
	for i, target := range b.Ints(Targets) {
		if target == Ignored {
			continue
		}
		if target != b.Ints(IDs)[i]+1 {
			t.Fatalf("token %d has the target %d", b.Ints(IDs)[i], target)
		}
		targets = append(targets, int(target))
	}
	if len(targets) != b.Count {
		t.Fatalf("%d targets, but Count is %d", len(targets), b.Count)
	}
	return targets
}

// TestWindowsCoverAnEpoch checks, for any phase, that windows are full, side by side, and leave out fewer than T tokens.
func TestWindowsCoverAnEpoch(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 20).Draw(t, "length")
		n := rapid.IntRange(length+1, 300).Draw(t, "tokens")
		jitter := rapid.Uint64().Draw(t, "jitter")
		w, err := NewWindows(counting(t, n), length)
		if err != nil {
			t.Fatal(err)
		}
		seen := make([]int, n)
		b := NewBatch(1, w.Layout())
		for i := range w.Len() {
			b.clear()
			b.add(w, 0, i, jitter)
			targets := checkPairs(t, b)
			if len(targets) != length {
				t.Fatalf("window %d has %d targets, expected %d", i, len(targets), length)
			}
			for _, target := range targets {
				seen[target]++
			}
		}
		phase := min(int(jitter%uint64(length)), n-1-length)
		for i, times := range seen {
			switch last := n - length; {
			case i <= phase && times != 0:
				t.Fatalf("token %d is a target %d times before phase %d", i, times, phase)
			case i > phase && i < last && times != 1 && i <= phase+(w.Len()-1)*length:
				t.Fatalf("token %d of %d is a target %d times", i, n, times)
			case times > 2:
				t.Fatalf("token %d of %d is a target %d times", i, n, times)
			}
		}
	})
}

// TestSequentialCoversAllOnce checks that each token but the first is a target once, through batches of any size.
func TestSequentialCoversAllOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 20).Draw(t, "length")
		n := rapid.IntRange(2, 300).Draw(t, "tokens")
		rows := rapid.IntRange(1, 5).Draw(t, "rows")
		s, err := NewSequential(counting(t, n), length)
		if err != nil {
			t.Fatal(err)
		}
		var targets []int
		b := NewBatch(rows, s.Layout())
		for i := 0; i < s.Len(); i += rows {
			if err := FillSequential(b, s, i); err != nil {
				t.Fatal(err)
			}
			if b.Count == 0 {
				t.Fatal("a batch without targets")
			}
			targets = append(targets, checkPairs(t, b)...)
		}
		if len(targets) != n-1 {
			t.Fatalf("%d targets, expected %d", len(targets), n-1)
		}
		for i, target := range targets {
			if target != i+1 {
				t.Fatalf("target %d is %d", i, target)
			}
		}
	})
}

func TestStreamsCrossDocuments(t *testing.T) {
	tokens := assembled(t, 9, []stretch{{[]int32{1, 2}, false, false}, {[]int32{3, 4}, true, true}, {[]int32{5}, true, true}, {[]int32{6, 7, 8}, true, true}})
	s, err := NewSequential(tokens.Slice(1, 8), 5)
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch(2, s.Layout())
	if err := FillSequential(b, s, 0); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(b.Ints(IDs), b.Ints(Targets), b.Count)
	want := fmt.Sprint([]int32{2, 3, 4, 5, 6, 7, 0, 0, 0, 0}, []int32{3, 4, 5, 6, 7, 8, -100, -100, -100, -100}, 6)
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s, err = NewSequential(tokens, 5); err != nil {
		t.Fatal(err)
	}
	if err := FillSequential(b, s, 0); err != nil {
		t.Fatal(err)
	}
	if want := []int32{-100, 3, 4, 5, 6, 7, 8, -100, -100, -100}; !slices.Equal(b.Ints(Targets), want) {
		t.Errorf("targets are %v, expected %v", b.Ints(Targets), want)
	}
}

func TestStreamsRefuse(t *testing.T) {
	masked := assembled(t, 9, []stretch{{[]int32{1}, true, false}, {[]int32{2, 3, 4}, false, true}})
	_, short := NewWindows(counting(t, 8), 8)
	_, zero := NewWindows(counting(t, 8), 0)
	_, single := NewSequential(counting(t, 1), 8)
	_, nothing := NewWindows(masked, 2)
	_, yardstick := NewYardstick(counting(t, 9), 8)
	for want, err := range map[string]error{
		"windows: 8 tokens are too few for a sequence length of 8, which takes 9": short,
		"windows: length 0": zero,
		"evaluation: 1 tokens are too few for a sequence length of 8, which takes 2": single,
		"none of 4 tokens is to be learned":                                          nothing,
		"yardstick: 9 tokens are too few for a sequence length of 8, which takes 10": yardstick,
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected %q", err, want)
		}
	}
}

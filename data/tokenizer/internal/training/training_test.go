package training

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func documents(n int) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		r := rand.New(rand.NewPCG(1, 2))
		for range n {
			var b []byte
			for range 20 {
				b = fmt.Appendf(b, "w%d %s ", r.IntN(1<<(4+r.IntN(14))), strings.Repeat("x", r.IntN(30)))
			}
			if !yield(b, nil) {
				return
			}
		}
	}
}

func fields(document []byte, yield func([]byte)) {
	for _, w := range bytes.Fields(document) {
		yield(w)
	}
}

func TestCount(t *testing.T) {
	want := map[string]int64{}
	for d := range documents(3000) {
		fields(d, func(w []byte) { want[string(w)]++ })
	}
	for _, c := range []CountConfig{{Threads: 1}, {Threads: 5}} {
		c.Split = fields
		got, err := Count(context.Background(), documents(3000), c)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.IsSortedFunc(got, func(a, b Word) int { return strings.Compare(a.Text, b.Text) }) || len(got) != len(want) {
			t.Fatalf("%d words, want %d in order", len(got), len(want))
		}
		for _, w := range got {
			if want[w.Text] != w.Count {
				t.Fatalf("%q occurs %d times, want %d", w.Text, w.Count, want[w.Text])
			}
		}
	}
}

func TestCountWithinMemory(t *testing.T) {
	const limit = 9 << 20 // one thread writes no files, three do
	var before []Word
	for _, threads := range []int{1, 2, 3} {
		c := CountConfig{Split: fields, Threads: threads, MaxMemory: limit, WordCost: 4, TempDir: t.TempDir()}
		got, err := Count(context.Background(), documents(40000), c)
		if err != nil {
			t.Fatal(err)
		}
		size := 0
		for _, w := range got {
			size += 5*len(w.Text) + wordOverhead
		}
		if size > limit/2 || len(got) == 0 {
			t.Errorf("%d words take %d bytes", len(got), size)
		}
		if threads > 1 && !slices.Equal(got, before) {
			t.Errorf("%d threads leave other words", threads)
		}
		before = got
	}
}

func TestCountStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Count(ctx, documents(10), CountConfig{Split: fields}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	broken := errors.New("broken")
	_, err := Count(context.Background(), func(yield func([]byte, error) bool) { yield(nil, broken) }, CountConfig{Split: fields})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	_, err = Count(context.Background(), documents(100000), CountConfig{Split: fields, Threads: 1, MaxMemory: 1, TempDir: "/does/not/exist"})
	if err == nil {
		t.Error("no place for temporary files: no error")
	}
}

func TestBPE(t *testing.T) {
	words := []Word{{"low", 5}, {"lower", 2}, {"newest", 6}, {"widest", 3}}
	tokens, merges, err := BPE(context.Background(), words, BPEConfig{VocabSize: 15, Special: []string{"<s>"}})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(tokens[1:12]), "[d e i l n o r s t w es]"; got != want {
		t.Errorf("tokens %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(merges), "[[e s] [es t] [l o] [lo w]]"; got != want {
		t.Errorf("merges %v, want %v", got, want)
	}
	_, merges, _ = BPE(context.Background(), words, BPEConfig{VocabSize: 1000, MinFrequency: 6})
	for _, m := range merges {
		if m == [2]string{"w", "i"} {
			t.Error("a pair that occurs 3 times was merged")
		}
	}
	// What is left of widest without its i doesn't grow together.
	tokens, _, _ = BPE(context.Background(), words, BPEConfig{VocabSize: 30, Coverage: 0.9})
	if slices.Contains(tokens, "i") || slices.Contains(tokens, "r") || slices.Contains(tokens, "wdest") || !slices.Contains(tokens, "dest") {
		t.Errorf("the characters of 90%% of the text give the tokens %v", tokens)
	}
}

// naiveBPE counts all pairs anew for each merge.
func naiveBPE(words []Word, n int) (out [][2]string) {
	ids := map[string]int{}
	var chars []string
	for _, w := range words {
		for _, r := range w.Text {
			if !slices.Contains(chars, string(r)) {
				chars = append(chars, string(r))
			}
		}
	}
	slices.Sort(chars)
	for _, c := range chars {
		ids[c] = len(ids)
	}
	parts := make([][]string, len(words))
	for i, w := range words {
		parts[i] = strings.Split(w.Text, "")
	}
	for len(ids) < n {
		counts := map[[2]string]int64{}
		for i, p := range parts {
			for k := 1; k < len(p); k++ {
				counts[[2]string{p[k-1], p[k]}] += words[i].Count
			}
		}
		var best [2]string
		for p, c := range counts {
			b := counts[best]
			if c > b || c == b && (ids[p[0]] < ids[best[0]] || p[0] == best[0] && ids[p[1]] < ids[best[1]]) {
				best = p
			}
		}
		if counts[best] == 0 {
			break
		}
		out = append(out, best)
		joined := best[0] + best[1]
		if _, ok := ids[joined]; !ok {
			ids[joined] = len(ids)
		}
		for i, p := range parts {
			var q []string
			for k := 0; k < len(p); k++ {
				if k+1 < len(p) && p[k] == best[0] && p[k+1] == best[1] {
					q = append(q, joined)
					k++
				} else {
					q = append(q, p[k])
				}
			}
			parts[i] = q
		}
	}
	return out
}

func TestBPEEqualsNaive(t *testing.T) {
	words, err := Count(context.Background(), documents(40), CountConfig{Split: fields})
	if err != nil {
		t.Fatal(err)
	}
	_, got, err := BPE(context.Background(), words, BPEConfig{VocabSize: 120})
	if err != nil {
		t.Fatal(err)
	}
	want := naiveBPE(words, 120)
	if !slices.Equal(got, want[:len(got)]) {
		t.Errorf("merges %v\nwant   %v", got, want)
	}
}

func TestUnigram(t *testing.T) {
	words, err := Count(context.Background(), documents(500), CountConfig{Split: func(d []byte, yield func([]byte)) {
		fields(d, func(w []byte) { yield(append([]byte("▁"), w...)) })
	}})
	if err != nil {
		t.Fatal(err)
	}
	c := UnigramConfig{Size: 200, Coverage: 1, MaxChars: 8}
	var before []string
	for _, threads := range []int{1, 4} {
		c.Threads = threads
		pieces, err := Unigram(context.Background(), words, c)
		if err != nil {
			t.Fatal(err)
		}
		sum, names := 0.0, []string{}
		for _, p := range pieces {
			sum += math.Exp(p.Score)
			names = append(names, fmt.Sprint(p))
			if n := len([]rune(p.Token)); n > 8 {
				t.Errorf("a piece of %d characters: %q", n, p.Token)
			}
		}
		if len(pieces) > 200 || math.Abs(sum-1) > 1e-9 {
			t.Errorf("%d pieces with a total probability of %g", len(pieces), sum)
		}
		if before != nil && !slices.Equal(before, names) {
			t.Error("the result depends on the number of threads")
		}
		before = names
	}
	for _, w := range words {
		for _, r := range w.Text {
			if !slices.ContainsFunc(before, func(s string) bool { return strings.HasPrefix(s, "{"+string(r)+" ") }) {
				t.Fatalf("the character %q is no piece", r)
			}
		}
	}
}

func TestDigamma(t *testing.T) {
	const euler = 0.57721566490153286
	for x, want := range map[float64]float64{1: -euler, 0.5: -euler - 2*math.Ln2, 2: 1 - euler} {
		if got := digamma(x); math.Abs(got-want) > 1e-9 {
			t.Errorf("digamma(%g) = %.12f, want %.12f", x, got, want)
		}
	}
}

package data

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// pairsOf returns documents of prompts and completions.
func pairsOf(t testing.TB, pairs ...[2][]int32) *Tokens {
	t.Helper()
	var stretches []stretch
	for _, p := range pairs {
		stretches = append(stretches, stretch{p[0], false, false}, stretch{p[1], true, true})
	}
	return assembled(t, 100, stretches)
}

func TestPairs(t *testing.T) {
	const start, end = 50, 99
	tokens := pairsOf(t, [2][]int32{{1, 2}, {11, 12, end}}, [2][]int32{{3, 4, 5, end}, {13, end}}, [2][]int32{{6}, {14, 15, 16, 17}})
	for _, test := range []struct {
		name   string
		config PairsConfig
		want   string
		cut    [2]int
	}{
		{"longest", PairsConfig{Start: start, End: end}, `
			source [1 2 0 0 3 4 5 99 6 0 0 0]
			segments [0 0 -1 -1 0 0 0 0 0 -1 -1 -1]
			ids [50 11 12 0 50 13 0 0 50 14 15 16]
			targets [11 12 99 -100 13 99 -100 -100 14 15 16 17]
			count 9`, [2]int{0, 0}},
		{"cut, with the end kept where there was one", PairsConfig{Length: 2, SourceLength: 3, Start: start, End: end}, `
			source [1 2 0 3 4 99 6 0 0]
			segments [0 0 -1 0 0 0 0 -1 -1]
			ids [50 11 50 13 50 14]
			targets [11 99 13 99 14 15]
			count 6`, [2]int{1, 2}},
		{"cut, without an end", PairsConfig{Length: 2, SourceLength: 3, Start: start, End: -1}, `
			source [1 2 0 3 4 5 6 0 0]
			segments [0 0 -1 0 0 0 0 -1 -1]
			ids [50 11 50 13 50 14]
			targets [11 12 13 99 14 15]
			count 6`, [2]int{1, 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p, err := NewPairs(tokens, test.config)
			if err != nil {
				t.Fatal(err)
			}
			b := NewBatch(3, p.Layout())
			if err := FillSequential(b, p, 0); err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("source %v\nsegments %v\nids %v\ntargets %v\ncount %d", b.Ints(SourceIDs), b.Ints(SourceSegments), b.Ints(IDs), b.Ints(Targets), b.Count)
			if want := strings.TrimSpace(strings.ReplaceAll(test.want, "\t", "")); got != want {
				t.Errorf("got\n%s\nexpected\n%s", got, want)
			}
			if sources, targets := p.Cut(); sources != test.cut[0] || targets != test.cut[1] {
				t.Errorf("%d sources and %d targets are cut, expected %v", sources, targets, test.cut)
			}
		})
	}
}

// TestPairsPadBeyondTheLastRow fills a batch that is larger than the data over one that was full.
func TestPairsPadBeyondTheLastRow(t *testing.T) {
	p, err := NewPairs(pairsOf(t, [2][]int32{{1, 2}, {3, 4}}), PairsConfig{End: -1})
	if err != nil {
		t.Fatal(err)
	}
	b := NewBatch(2, p.Layout())
	fill(b.Ints(SourceIDs), 9)
	fill(b.Ints(IDs), 9)
	if err := FillSequential(b, p, 0); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(b.Ints(SourceIDs), b.Ints(SourceSegments), b.Ints(IDs), b.Ints(Targets), b.Count)
	if want := "[1 2 0 0] [0 0 -1 -1] [0 3 0 0] [3 4 -100 -100] 2"; got != want {
		t.Errorf("got %s, expected %s", got, want)
	}
}

func TestPairsRefuse(t *testing.T) {
	whole := pairsOf(t, [2][]int32{{1}, {2}})
	plain := assembled(t, 9, []stretch{{[]int32{1}, false, false}, {[]int32{2}, true, true}, {[]int32{3}, true, true}})
	prompt := assembled(t, 9, []stretch{{[]int32{1}, false, false}, {[]int32{2}, true, true}, {[]int32{3}, false, true}})
	for _, test := range []struct {
		tokens *Tokens
		config PairsConfig
		want   string
	}{
		{plain, PairsConfig{}, "document 2 of 2 has no prompt"},
		{prompt, PairsConfig{}, "document 2 of 2 has no completion"},
		{whole, PairsConfig{Length: -1}, "lengths of -1 and 0"},
		{whole, PairsConfig{Start: 100}, "start token 100 is outside of the vocabulary of 100"},
		{whole.Slice(0, 0), PairsConfig{}, "no documents"},
	} {
		if _, err := NewPairs(test.tokens, test.config); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("error is %v, expected %q", err, test.want)
		}
	}
}

func TestPairsAllocateNothing(t *testing.T) {
	p, err := NewPairs(pairsOf(t, [2][]int32{{1, 2}, {3, 4}}, [2][]int32{{1, 2, 3}, {4}}), PairsConfig{End: -1})
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t, p, LoaderConfig{})
	b := NewBatch(3, p.Layout())
	if n := testing.AllocsPerRun(20, func() {
		if err := l.Next(b); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

// TestSplitRows checks that the two parts are all rows once, in order, and the same for the same seed.
func TestSplitRows(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d, err := NewSequential(counting(r, rapid.IntRange(3, 80).Draw(r, "tokens")), 1)
		if err != nil {
			r.Fatal(err)
		}
		fraction, seed := rapid.Float64Range(0.001, 0.999).Draw(r, "fraction"), rapid.Uint64().Draw(r, "seed")
		train, validation, err := SplitRows(d, fraction, seed)
		if err != nil {
			r.Fatal(err)
		}
		want := min(max(1, int(float64(d.Len())*fraction)), d.Len()-1)
		if validation.Len() != want || train.Len() != d.Len()-want || !train.Layout().Equal(d.Layout()) {
			r.Fatalf("%d and %d rows of %d, expected %d to validate on", train.Len(), validation.Len(), d.Len(), want)
		}
		if !slices.IsSorted(train.rows) || !slices.IsSorted(validation.rows) {
			r.Fatal("the rows are out of order")
		}
		all := slices.Sorted(slices.Values(slices.Concat(train.rows, validation.rows)))
		for i, row := range all {
			if i != row {
				r.Fatalf("the rows are %v", all)
			}
		}
		b := NewBatch(1, d.Layout())
		if err := FillSequential(b, validation, 0); err != nil || int(b.Ints(IDs)[0]) != validation.rows[0] {
			r.Fatalf("row %d starts with token %d, %v", validation.rows[0], b.Ints(IDs)[0], err)
		}
		again, _, err := SplitRows(d, fraction, seed)
		if err != nil || !slices.Equal(again.rows, train.rows) {
			r.Fatalf("the same seed splits in another way: %v", err)
		}
	})
}

// TestSplitRowsMixes keeps 100 of 1,000 sorted rows apart: they must not be the last ones.
func TestSplitRowsMixes(t *testing.T) {
	d, err := NewSequential(counting(t, 1001), 1)
	if err != nil {
		t.Fatal(err)
	}
	_, validation, err := SplitRows(d, 0.1, 1)
	if err != nil {
		t.Fatal(err)
	}
	early := 0
	for _, row := range validation.rows {
		early += bit(row < 500)
	}
	if early < 30 || early > 70 { // four standard deviations
		t.Errorf("%d of 100 rows are of the first half", early)
	}
}

func TestSubsetsRefuse(t *testing.T) {
	d, err := NewSequential(counting(t, 2), 1)
	if err != nil {
		t.Fatal(err)
	}
	_, none := NewSubset(d, nil)
	_, beyond := NewSubset(d, []int{1})
	_, _, single := SplitRows(d, 0.5, 1)
	_, _, zero := SplitRows(d, 0, 1)
	for want, err := range map[string]error{"no rows": none, "row 1 of 1": beyond, "there is 1 row": single, "validation part is 0": zero} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, expected %q", err, want)
		}
	}
}

package data

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func newLoader(t interface{ Fatal(...any) }, d Dataset, c LoaderConfig) *Loader {
	l, err := NewLoader(d, c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestLoaderGivesEachRowOnce goes through epochs in batches that don't divide them.
func TestLoaderGivesEachRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length := rapid.IntRange(1, 5).Draw(t, "length")
		d, err := NewSequential(counting(t, 1+length*rapid.IntRange(1, 60).Draw(t, "rows")), length)
		if err != nil {
			t.Fatal(err)
		}
		l := newLoader(t, d, LoaderConfig{Seed: rapid.Uint64().Draw(t, "seed")})
		rows := rapid.IntRange(1, 7).Draw(t, "batch")
		b := NewBatch(rows, d.Layout())
		var order []int
		for len(order) < 3*d.Len() {
			if err := l.Next(b); err != nil {
				t.Fatal(err)
			}
			for i := range rows {
				order = append(order, int(b.Ints(IDs)[i*length])/length)
			}
		}
		for epoch := range 3 {
			rows := slices.Clone(order[epoch*d.Len():][:d.Len()])
			slices.Sort(rows)
			for i, row := range rows {
				if row != i {
					t.Fatalf("epoch %d has rows %v", epoch, rows)
				}
			}
		}
	})
}

func TestLoaderOrderFollowsFromSeedAndEpoch(t *testing.T) {
	d, err := NewWindows(counting(t, 1001), 10)
	if err != nil {
		t.Fatal(err)
	}
	epochs := func(c LoaderConfig) (all [2][]int32) {
		l := newLoader(t, d, c)
		b := NewBatch(d.Len(), TokenLayout{Length: 10}.Layout())
		for i := range all {
			if err := l.Next(b); err != nil {
				t.Fatal(err)
			}
			all[i] = slices.Clone(b.Ints(IDs))
		}
		return all
	}
	first, again, other := epochs(LoaderConfig{Seed: 1}), epochs(LoaderConfig{Seed: 1}), epochs(LoaderConfig{Seed: 2})
	if !slices.Equal(first[0], again[0]) || !slices.Equal(first[1], again[1]) {
		t.Error("one seed gives two orders")
	}
	if slices.Equal(first[0], other[0]) || slices.Equal(first[0], first[1]) {
		t.Error("another seed or epoch gives the same order")
	}
	rows := func(epoch []int32) (order []int32) {
		for i := 0; i < len(epoch); i += 10 {
			order = append(order, epoch[i]/10)
		}
		return order
	}
	if slices.Equal(rows(first[0]), rows(first[1])) {
		t.Error("each epoch has the same order")
	}
	if first[0][0]%10 == first[1][0]%10 && other[0][0]%10 == other[1][0]%10 {
		t.Error("each epoch cuts the text at the same places")
	}
	plain := epochs(LoaderConfig{Seed: 1, Sequential: true})
	for i, id := range plain[0] {
		if id != int32(i) || plain[1][i] != id {
			t.Fatalf("token %d in sequence is %d, then %d", i, id, plain[1][i])
		}
	}
}

// TestLoaderRestores goes on from any state, saved as JSON, in batches of another size, and compares with the loader that never
// stopped; half of the times through a prefetcher.
func TestLoaderRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, err := NewWindows(counting(t, rapid.IntRange(6, 200).Draw(t, "tokens")), 5)
		if err != nil {
			t.Fatal(err)
		}
		config := LoaderConfig{Seed: rapid.Uint64().Draw(t, "seed"), Sequential: rapid.Bool().Draw(t, "sequential")}
		straight, broken := newLoader(t, d, config), newLoader(t, d, config)
		next := func(l interface{ Next(*Batch) error }, rows int) []int32 {
			b := NewBatch(rows, TokenLayout{Length: 5}.Layout())
			if err := l.Next(b); err != nil {
				t.Fatal(err)
			}
			return slices.Concat(b.Ints(IDs), b.Ints(Targets))
		}
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			next(straight, 2)
			next(broken, 2)
		}
		saved, err := json.Marshal(broken.State())
		if err != nil {
			t.Fatal(err)
		}
		var state State
		if err := json.Unmarshal(saved, &state); err != nil {
			t.Fatal(err)
		}
		restored := newLoader(t, d, LoaderConfig{Sequential: config.Sequential})
		if err := restored.Restore(state); err != nil {
			t.Fatal(err)
		}
		rows := rapid.IntRange(1, 9).Draw(t, "rows")
		p, err := NewPrefetcher(restored, rows, rapid.IntRange(1, 3).Draw(t, "depth"))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for range 5 {
			if p.State() != straight.State() {
				t.Fatalf("the prefetcher stands at %+v, expected %+v", p.State(), straight.State())
			}
			if got, want := next(p, rows), next(straight, rows); !slices.Equal(got, want) {
				t.Fatalf("got %v, expected %v", got, want)
			}
		}
	})
}

func TestLoaderRefuses(t *testing.T) {
	d, err := NewWindows(counting(t, 101), 10)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t, d, LoaderConfig{})
	if err := l.Restore(State{Rows: 9}); err == nil || !strings.Contains(err.Error(), "data of 9 rows, this data has 10") {
		t.Errorf("error is %v", err)
	}
	if err := l.Restore(State{Rows: 10, Position: 11}); err == nil {
		t.Error("no error for a position beyond the end")
	}
	if err := l.Next(NewBatch(1, TokenLayout{Length: 9}.Layout())); err == nil || !strings.Contains(err.Error(), "ids [9] int32, targets [9] int32, expected ids [10] int32") {
		t.Errorf("error is %v", err)
	}
	if err := l.Next(&Batch{Rows: 1, Layout: TokenLayout{Length: 10}.Layout()}); err == nil || !strings.Contains(err.Error(), "0 columns, expected 2") {
		t.Errorf("error is %v", err)
	}
	if _, err := NewPrefetcher(l, 1, 0); err == nil {
		t.Error("no error for depth 0")
	}
	p, err := NewPrefetcher(l, 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for range 3 { // more often than there are batches ahead, so that none got lost
		if err := p.Next(NewBatch(1, TokenLayout{Length: 10, Segments: true}.Layout())); err == nil || !strings.Contains(err.Error(), "segments [10] int32, expected ids [10] int32") {
			t.Errorf("error is %v", err)
		}
	}
	if err := p.Next(NewBatch(1, TokenLayout{Length: 10}.Layout())); err != nil {
		t.Error(err)
	}
}

// TestNextAllocatesNothing goes through several epochs of every kind of dataset.
func TestNextAllocatesNothing(t *testing.T) {
	var stretches []stretch
	for i := range 50 {
		stretches = append(stretches, stretch{make([]int32, i), i%3 > 0, i%3 > 0})
	}
	tokens := assembled(t, 1, stretches)
	windows, err1 := NewWindows(tokens, 16)
	packed, err2 := NewPacked(tokens, 16)
	yardstick, err3 := NewYardstick(tokens, 16)
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	for _, d := range []Dataset{windows, packed, yardstick} {
		l := newLoader(t, d, LoaderConfig{Seed: 3})
		b := NewBatch(4, d.Layout())
		p, err := NewPrefetcher(newLoader(t, d, LoaderConfig{Seed: 3}), b.Rows, 2)
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		for name, next := range map[string]func(*Batch) error{"loader": l.Next, "prefetcher": p.Next} {
			if n := testing.AllocsPerRun(200, func() {
				if err := next(b); err != nil {
					t.Fatal(err)
				}
			}); n != 0 {
				t.Errorf("%T: %s: %v allocations a batch", d, name, n)
			}
		}
	}
}

// yardstickTokens are the first tokens of the generator for a vocabulary of 65, from its formula in Python:
//
//	x = 1
//	for _ in range(30): x = (x * 1664525 + 1013904223) % 2**32; print((x >> 8) % 65)
var yardstickTokens = []int32{
	50, 53, 27, 8, 56, 49, 55, 25, 5, 28, 12, 23, 42, 51, 44, 9, 28, 10, 18, 29, 0, 28, 30, 40, 45, 5, 37, 46, 50, 50,
}

// TestYardstick compares with the generator and the batches as benchmarks in other languages make them.
func TestYardstick(t *testing.T) {
	tokens, err := Generated(3*2*4+4+2, 65)
	if err != nil {
		t.Fatal(err)
	}
	var ids []int32
	for i := range tokens.Len() {
		ids = append(ids, tokens.At(i))
	}
	if !slices.Equal(ids, yardstickTokens) {
		t.Errorf("tokens are %v, expected %v", ids, yardstickTokens)
	}
	y, err := NewYardstick(tokens, 4)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t, y, LoaderConfig{Sequential: true})
	b := NewBatch(2, TokenLayout{Length: 4}.Layout())
	for step, starts := range [][2]int{{0, 4}, {8, 12}, {16, 20}, {24, 3}, {7, 11}} {
		if err := l.Next(b); err != nil {
			t.Fatal(err)
		}
		for row, start := range starts {
			lo, hi := row*4, row*4+4
			if !slices.Equal(b.Ints(IDs)[lo:hi], ids[start:start+4]) || !slices.Equal(b.Ints(Targets)[lo:hi], ids[start+1:start+5]) {
				t.Errorf("step %d, row %d does not start at %d", step, row, start)
			}
		}
	}
}

func BenchmarkLoader(b *testing.B) {
	tokens, err := Generated(1<<20, 4096)
	if err != nil {
		b.Fatal(err)
	}
	d, err := NewWindows(tokens, 256)
	if err != nil {
		b.Fatal(err)
	}
	l, batch := newLoader(b, d, LoaderConfig{}), NewBatch(16, d.Layout())
	b.ReportAllocs()
	for b.Loop() {
		if err := l.Next(batch); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)*float64(len(batch.Ints(IDs)))/b.Elapsed().Seconds(), "tokens/s")
}

func TestYardstickApart(t *testing.T) {
	tokens, err := Generated(3*2*4, 65)
	if err != nil {
		t.Fatal(err)
	}
	y, err := NewYardstickApart(tokens, 4)
	if err != nil {
		t.Fatal(err)
	}
	l := newLoader(t, y, LoaderConfig{Sequential: true})
	b := NewBatch(2, TokenLayout{Length: 4}.Layout())
	for step := range 5 {
		if err := l.Next(b); err != nil {
			t.Fatal(err)
		}
		for row := range 2 {
			start := (step*2 + row) * 4 % tokens.Len()
			for i := range 4 {
				target := int32(Ignored)
				if i < 3 {
					target = tokens.At(start + i + 1)
				}
				if at := row*4 + i; b.Ints(IDs)[at] != tokens.At(start+i) || b.Ints(Targets)[at] != target {
					t.Errorf("step %d, row %d: token %d is %d with the target %d", step, row, i, b.Ints(IDs)[at], b.Ints(Targets)[at])
				}
			}
		}
		if b.Count != 6 {
			t.Errorf("%d targets, expected 6", b.Count)
		}
	}
}

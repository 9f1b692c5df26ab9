package data

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// sized is a dataset whose row i has its number in its first token and uses as many tokens as sizes says.
type sized struct{ sizes []int }

func (d sized) Len() int                 { return len(d.sizes) }
func (sized) Layout() Layout             { return TokenLayout{Length: 20}.Layout() }
func (d sized) Size(i int, _ string) int { return d.sizes[i] }

func (d sized) Fill(row Row, i int, _ uint64) {
	row.Ints(IDs)[0], row.Ints(Targets)[0] = int32(i), 0
}

func sizedRows(n int) sized {
	d := sized{make([]int, n)}
	for i := range d.sizes {
		d.sizes[i] = 1 + (i*i+i/3)%20
	}
	return d
}

// given returns the rows that a loader gives out next in so many batches, and how many tokens each batch uses.
func given(t interface{ Fatal(...any) }, l *Loader, rows, batches int) (order, used []int) {
	b := NewBatch(rows, TokenLayout{Length: 20}.Layout())
	for range batches {
		if err := l.Next(b); err != nil {
			t.Fatal(err)
		}
		for i := range rows {
			order = append(order, int(b.Ints(IDs)[i*20]))
		}
		used = append(used, b.Used[0])
	}
	return order, used
}

// TestGroupsGiveEachRowOnce goes through epochs whose last group is completed by the next epoch, and goes on from states between them.
func TestGroupsGiveEachRowOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := sizedRows(rapid.IntRange(1, 900).Draw(t, "rows"))
		rows := rapid.IntRange(2, 9).Draw(t, "batch")
		c := LoaderConfig{Seed: rapid.Uint64().Draw(t, "seed"), Group: rows}
		l := newLoader(t, d, c)
		batches := 3*d.Len()/rows + 2
		stop := rapid.IntRange(0, batches).Draw(t, "stop")
		order, _ := given(t, l, rows, stop)
		state := l.State()
		rest, used := given(t, l, rows, batches-stop)
		again := newLoader(t, d, c)
		if err := again.Restore(state); err != nil {
			t.Fatal(err)
		}
		if same, sameUsed := given(t, again, rows, batches-stop); !slices.Equal(same, rest) || !slices.Equal(sameUsed, used) {
			t.Fatal("the order behind a state is another")
		}
		order = append(order, rest...)
		for epoch := range 3 {
			seen := slices.Clone(order[epoch*d.Len():][:d.Len()])
			slices.Sort(seen)
			for i, row := range seen {
				if row != i {
					t.Fatalf("epoch %d has rows %v", epoch, seen)
				}
			}
		}
	})
}

func TestGroupsAreOfLikeSize(t *testing.T) {
	const rows, batches = 8, 3 * 400 // of three epochs
	d := sizedRows(8*400 + 3)
	mean := func(group int) (order []int, tokens float64) {
		order, used := given(t, newLoader(t, d, LoaderConfig{Seed: 4, Group: group}), rows, batches)
		for _, n := range used {
			tokens += float64(n) / batches
		}
		return order, tokens
	}
	mixed, plain := mean(0)
	grouped, alike := mean(rows)
	needed := 0.0
	for _, n := range d.sizes {
		needed += float64(n) / float64(len(d.sizes))
	}
	if alike > needed+1 || plain < needed+5 {
		t.Errorf("batches use %.1f tokens in groups and %.1f without, rows %.1f", alike, plain, needed)
	}
	if slices.Equal(mixed, grouped) {
		t.Error("groups change nothing")
	}
	sizes := func(order []int) (all []int) {
		for i := 0; i < len(order); i += rows {
			all = append(all, d.sizes[order[i]])
		}
		return all
	}
	if first := sizes(grouped[:50*rows]); slices.IsSortedFunc(first, func(a, b int) int { return b - a }) {
		t.Error("the groups of a piece aren't shuffled")
	}
	if slices.Equal(grouped[:400*rows], grouped[len(d.sizes):][:400*rows]) {
		t.Error("two epochs have one order")
	}
}

func TestGroupsRefuse(t *testing.T) {
	d := sizedRows(30)
	if _, err := NewLoader(d, LoaderConfig{Group: 4, Sequential: true}); err == nil {
		t.Error("groups in plain order were taken")
	}
	plain, err := NewSequential(counting(t, 31), 3)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := NewLoader(plain, LoaderConfig{Group: 4}); err == nil || !strings.Contains(err.Error(), "*data.Sequential") {
		t.Errorf("error %v for a dataset without sizes", err)
	}
	l := newLoader(t, d, LoaderConfig{Group: 4})
	if err := l.Next(NewBatch(3, d.Layout())); err == nil || !strings.Contains(err.Error(), "3 rows, expected 4") {
		t.Errorf("error %v for batches of another size", err)
	}
	if err := l.Restore(State{Rows: 30, Group: 5}); err == nil || !strings.Contains(err.Error(), "groups of 5 rows") {
		t.Errorf("error %v for a state of other groups", err)
	}
}

func TestNarrowLayouts(t *testing.T) {
	d := sized{make([]int, 80)}
	for i := range d.sizes {
		d.sizes[i] = 1 + i/8 // 1 to 10, of 20
	}
	if got, want := NarrowLayouts(d, 8), []Layout{TokenLayout{Length: 5}.Layout(), TokenLayout{Length: 9}.Layout()}; !slices.EqualFunc(got, want, Layout.Equal) {
		t.Errorf("got %v, expected %v", got, want)
	}
	for i := range d.sizes {
		d.sizes[i] = 20
	}
	if got := NarrowLayouts(d, 8); len(got) > 0 {
		t.Errorf("rows that are all full get %v", got)
	}
}

// TestPairsKnowTheirSizes finds only padding behind them.
func TestPairsKnowTheirSizes(t *testing.T) {
	p, err := NewPairs(pairsOf(t, [2][]int32{{1, 2}, {11, 12, 13}}, [2][]int32{{3, 4, 5, 6}, {14}}), PairsConfig{Length: 2, SourceLength: 3})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range [][2]int{{2, 2}, {1, 3}} {
		b := NewBatch(1, p.Layout())
		if err := FillSequential(b, p, i); err != nil {
			t.Fatal(err)
		}
		used, source := b.Used[0], b.Used[1]
		if got := [2]int{used, source}; got != want {
			t.Errorf("row %d: %v, expected %v", i, got, want)
		}
		if b.Ints(Targets)[used-1] == Ignored || used < 2 && b.Ints(Targets)[used] != Ignored || source < 3 && b.Ints(SourceSegments)[source] != -1 {
			t.Errorf("row %d: targets %v and segments %v", i, b.Ints(Targets), b.Ints(SourceSegments))
		}
	}
}

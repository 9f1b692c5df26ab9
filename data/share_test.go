package data

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSharesAreTheWhole gives the batches of one loader out by several ones, and goes on from their states on another number of them.
func TestSharesAreTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, err := NewSequential(counting(t, 1+3*rapid.IntRange(1, 40).Draw(t, "rows")), 3)
		if err != nil {
			t.Fatal(err)
		}
		rows, seed := rapid.IntRange(1, 5).Draw(t, "batch"), rapid.Uint64().Draw(t, "seed")
		var dataset Dataset = d
		config := LoaderConfig{Seed: seed}
		if rapid.Bool().Draw(t, "grouped") && rows > 1 {
			dataset, config.Group = uneven{d}, rows
		}
		whole, b := newLoader(t, dataset, config), NewBatch(rows, d.Layout())
		divisions := []Share{{Of: 1, Batches: 12}, {Of: 2, Batches: 6}, {Of: 3, Batches: 4}, {Of: 12, Batches: 1}}
		for range 3 {
			division := rapid.SampledFrom(divisions).Draw(t, "division")
			before := whole.State()
			var want []int32
			for range 12 {
				if err := whole.Next(b); err != nil {
					t.Fatal(err)
				}
				want = append(want, b.Ints(IDs)...)
			}
			var got []int32
			for i := range division.Of {
				config.Share = Share{Index: i, Of: division.Of, Batches: division.Batches}
				part := newLoader(t, dataset, config)
				if err := part.Restore(before); err != nil {
					t.Fatal(err)
				}
				for range division.Batches {
					if err := part.Next(b); err != nil {
						t.Fatal(err)
					}
					got = append(got, b.Ints(IDs)...)
				}
				if part.State() != whole.State() {
					t.Fatalf("share %+v stands at %+v, the whole at %+v", config.Share, part.State(), whole.State())
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("shares %+v: rows %v, expected %v", division, got, want)
			}
		}
	})
}

// uneven is a dataset whose rows have sizes.
type uneven struct{ Dataset }

func (uneven) Size(i int, _ string) int { return i * 7 % 5 }

func TestShareRefuses(t *testing.T) {
	d, err := NewSequential(counting(t, 31), 3)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []Share{{Of: 2}, {Index: 2, Of: 2, Batches: 1}, {Index: -1, Of: 2, Batches: 1}, {Batches: 1}} {
		if _, err := NewLoader(d, LoaderConfig{Share: s}); err == nil {
			t.Errorf("%+v was taken", s)
		}
	}
}

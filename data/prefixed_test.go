package data

import (
	"slices"
	"testing"
)

func TestPrefixedRows(t *testing.T) {
	tokens, err := Generated(20, 65)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := NewSequential(tokens, 4)
	if err != nil {
		t.Fatal(err)
	}
	for _, first := range []bool{false, true} {
		p, err := NewPrefixed(inner, []int32{65, 66}, first)
		if err != nil {
			t.Fatal(err)
		}
		if p.Len() != inner.Len() || p.Layout().Length(TextLength) != 6 {
			t.Fatalf("%d rows of %v", p.Len(), p.Layout())
		}
		plain, long := NewBatch(1, inner.Layout()), NewBatch(1, p.Layout())
		for i := range p.Len() {
			Row{plain, 0}.pad()
			Row{long, 0}.pad()
			inner.Fill(Row{plain, 0}, i, 0)
			p.Fill(Row{long, 0}, i, 0)
			if want := append([]int32{65, 66}, plain.Ints(IDs)...); !slices.Equal(long.Ints(IDs), want) {
				t.Errorf("row %d: ids %v, expected %v", i, long.Ints(IDs), want)
			}
			targets := plain.Ints(Targets)
			want := append([]int32{Ignored, Ignored}, targets...)
			if first {
				want[0], want[2] = targets[0], Ignored
			}
			if !slices.Equal(long.Ints(Targets), want) {
				t.Errorf("row %d: targets %v, expected %v", i, long.Ints(Targets), want)
			}
		}
	}
	if _, err := NewPrefixed(inner, nil, false); err == nil {
		t.Error("a prefix of nothing")
	}
}

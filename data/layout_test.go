package data

import (
	"slices"
	"strings"
	"testing"
)

func TestLayoutRefuses(t *testing.T) {
	for want, l := range map[string]Layout{
		"without any input":             {},
		`called "rows"`:                 {Inputs: []Input{{Name: "rows"}}},
		`called ""`:                     {Inputs: []Input{{}}},
		`two inputs are called "a"`:     {Inputs: []Input{{Name: "a"}, {Name: "a"}}},
		"shape [2 0]":                   {Inputs: []Input{{Name: "a", Shape: []int{2, 0}}}},
		"elements of type 2":            {Inputs: []Input{{Name: "a", Type: 2}}},
		"padded with 0.5":               {Inputs: []Input{{Name: "a", Padding: 0.5}}},
		"in dimension 1 of [2]":         {Inputs: []Input{{Name: "a", Shape: []int{2}, Length: "n", Axis: 1}}},
		`3 of what is called "n"`:       {Inputs: []Input{{Name: "a", Shape: []int{2}, Length: "n"}, {Name: "b", Shape: []int{3}, Length: "n"}}},
		`a are padded with 0`:           {Inputs: []Input{{Name: "a"}}, Targets: "a"},
		`the targets are "b"`:           {Inputs: []Input{{Name: "a"}}, Targets: "b"},
		`the targets are "a", expected`: {Inputs: []Input{{Name: "a", Type: Float}}, Targets: "a"},
	} {
		if err := l.Validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
}

// TestCopyCutsRows copies rows of 2 by 3 by 2 elements into narrower ones along their middle dimension.
func TestCopyCutsRows(t *testing.T) {
	l := Layout{Inputs: []Input{
		{Name: "pairs", Shape: []int{2, 3, 2}, Length: "n", Axis: 1}, {Name: "other", Type: Float, Shape: []int{2}}, {Name: "one"},
	}}
	from, to := NewBatch(2, l), NewBatch(2, l.WithLength("n", 2))
	for i := range from.Ints("pairs") {
		from.Ints("pairs")[i] = int32(i)
	}
	copy(from.Floats("other"), []float32{1, 2, 3, 4})
	copy(from.Ints("one"), []int32{5, 6})
	if !to.Layout.Narrower(l) || l.Narrower(to.Layout) || to.Layout.Equal(l) || l.Length("n") != 3 {
		t.Errorf("%v and %v", to.Layout, l)
	}
	to.Copy(from)
	if got, want := to.Ints("pairs"), []int32{0, 1, 2, 3, 6, 7, 8, 9, 12, 13, 14, 15, 18, 19, 20, 21}; !slices.Equal(got, want) {
		t.Errorf("got %v, expected %v", got, want)
	}
	if !slices.Equal(to.Floats("other"), from.Floats("other")) || !slices.Equal(to.Ints("one"), from.Ints("one")) || to.Ints("none") != nil || to.Floats("pairs") != nil {
		t.Errorf("got %v and %v", to.Floats("other"), to.Ints("one"))
	}
}

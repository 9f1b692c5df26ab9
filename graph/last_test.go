package graph

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestLast checks the gradient of the last tokens of sequences, one of them all padding, and that what comes are those tokens.
func TestLast(t *testing.T) {
	segments := [][]int32{{0, 0, -1}, {0, 0, 0}, {-1, -1, -1}, {-1, 0, -1}}
	last := []int{1, 2, -1, 1}
	build := func(g *Graph, x *Node) *Node {
		in := g.Input("segments", tensor.Int32, 4, 3)
		copy(Ints(in), slices.Concat(segments...))
		return g.Last(g.Reshape(x, 4, 3, 2), in)
	}
	checkGradient(t, []leaf{{"x", []int{4, 6}}}, func(g *Graph, l []*Node) *Node { return weightedSum(g, build(g, l[0])) })
	checkGradient(t, []leaf{{"x", []int{4, 6}}}, func(g *Graph, l []*Node) *Node { return weightedSum(g, g.Last(g.Reshape(l[0], 4, 3, 2), nil)) })
	g := New(Config{})
	x := g.Input("x", tensor.Float32, 4, 6)
	for i := range Floats[float32](x) {
		Floats[float32](x)[i] = float32(i + 1)
	}
	y := build(g, x)
	m, err := Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for b, at := range last {
		for k := range 2 {
			want := float32(0)
			if at >= 0 {
				want = float32(b*6 + at*2 + k + 1)
			}
			if got := Floats[float32](y)[b*2+k]; got != want {
				t.Errorf("sequence %d, element %d: %v, expected %v", b, k, got, want)
			}
		}
	}
}

func TestIntRows(t *testing.T) {
	g := New(Config{})
	x := g.Input("x", tensor.Int32, 4, 3)
	for i := range Ints(x) {
		Ints(x)[i] = int32(i)
	}
	y := g.NotNegative(g.IntRows(x, 1, 3))
	z := g.Embedding(g.Const("table", []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 12, 1), g.IntRows(x, 1, 3))
	m, err := Compile(g, y, z)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := Floats[float32](z); !slices.Equal(got, []float32{3, 4, 5, 6, 7, 8}) {
		t.Errorf("rows 1 and 2 are %v", got)
	}
	for _, r := range [][2]int{{-1, 2}, {2, 2}, {3, 5}} {
		g := New(Config{})
		if g.IntRows(g.Input("x", tensor.Int32, 4, 3), r[0], r[1]); g.Err() == nil {
			t.Errorf("rows %v: no error", r)
		}
	}
}

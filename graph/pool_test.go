package graph

import (
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// padded returns segments [3, 4]: two documents, padding at either end, and a row
// that is nothing but padding.
func padded(g *Graph) *Node {
	n := g.Input("segments", tensor.Int32, 3, 4)
	copy(Ints(n), []int32{0, 0, 1, -1, -1, 0, 0, 0, -1, -1, -1, -1})
	return n
}

func TestPooling(t *testing.T) {
	x := make([]float64, 3*4*2)
	for i := range x {
		x[i] = float64(i)
	}
	tests := []struct {
		name  string
		build func(g *Graph, x *Node) *Node
		want  []float64
	}{
		{"first", func(g *Graph, x *Node) *Node { return g.First(x) }, []float64{0, 1, 8, 9, 16, 17}},
		{"mean", func(g *Graph, x *Node) *Node { return g.Mean(x, nil) }, []float64{3, 4, 11, 12, 19, 20}},
		{"mean of what is no padding", func(g *Graph, x *Node) *Node { return g.Mean(x, padded(g)) }, []float64{2, 3, 12, 13, 0, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			g := New(Config{DType: tensor.Float64})
			y := test.build(g, g.Const("x", x, 3, 4, 2))
			checkValues(t, g, y, test.want)
			checkGradient(t, []leaf{{"x", []int{3, 4, 2}}}, func(g *Graph, n []*Node) *Node {
				return weightedSum(g, test.build(g, n[0]))
			})
		})
	}
}

func TestSquaredError(t *testing.T) {
	x := []float64{1, 2, 3, 4, 5, 6}
	values := []float64{1, 0, 2, 4, 9, 9}
	targets := func(g *Graph) *Node {
		n := g.Input("targets", tensor.Int32, 3)
		copy(Ints(n), []int32{0, -100, 3})
		return n
	}
	tests := []struct {
		name       string
		config     func(g *Graph) SquaredErrorConfig
		loss       float64
		rowsLosses []float64
	}{
		{"all rows", func(*Graph) SquaredErrorConfig { return SquaredErrorConfig{} }, (2 + 0.5 + 12.5) / 3, []float64{2, 0.5, 12.5}},
		{"some rows", func(g *Graph) SquaredErrorConfig { return SquaredErrorConfig{Targets: targets(g)} }, (2 + 12.5) / 2, []float64{2, 0, 12.5}},
		{"weighted", func(g *Graph) SquaredErrorConfig {
			return SquaredErrorConfig{Targets: targets(g), Weights: g.Const("weights", []float64{3, 7, 0.5}, 3)}
		}, (3*2 + 0.5*12.5) / 3.5, []float64{2, 0, 12.5}},
		{"scaled", func(g *Graph) SquaredErrorConfig {
			return SquaredErrorConfig{Targets: targets(g), Scale: g.Const("scale", []float64{0.1}, 1)}
		}, 1.45, []float64{2, 0, 12.5}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			build := func(g *Graph, x *Node) (loss, rows *Node) {
				return g.SquaredError(x, g.Const("values", values, 3, 2), test.config(g))
			}
			g := New(Config{DType: tensor.Float64})
			_, rows := build(g, g.Const("x", x, 3, 2))
			checkValues(t, g, rows, test.rowsLosses)
			g = New(Config{DType: tensor.Float64})
			loss, _ := build(g, g.Const("x", x, 3, 2))
			checkValues(t, g, loss, []float64{test.loss})
			checkGradient(t, []leaf{{"x", []int{3, 2}}}, func(g *Graph, n []*Node) *Node {
				loss, _ := build(g, n[0])
				return loss
			})
		})
	}
}

// checkValues runs a trace and compares a node's values.
func checkValues(t *testing.T, g *Graph, y *Node, want []float64) {
	t.Helper()
	m, err := Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	got := Floats[float64](y)
	if len(got) != len(want) {
		t.Fatalf("%d values, expected %d", len(got), len(want))
	}
	for i := range want {
		if !(math.Abs(got[i]-want[i]) < 1e-12) {
			t.Errorf("value %d is %g, expected %g", i, got[i], want[i])
		}
	}
}

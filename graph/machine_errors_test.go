package graph

import (
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func TestClosedMachineSaysSo(t *testing.T) {
	g := New(Config{})
	m, err := Compile(g, g.Scale(g.Input("x", tensor.Float32, 2), 3))
	if err != nil {
		t.Fatal(err)
	}
	m.Close()
	if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "the machine is closed") {
		t.Errorf("error %v", err)
	}
}

// TestErrorsNameTheLayer has a shape that doesn't fit in the second of two layers, in a stock operation.
func TestErrorsNameTheLayer(t *testing.T) {
	tree := NewParams(tensor.Float32, 1)
	first, second := tree.Sub("first").New("weight", Zeros(), 4, 4), tree.Sub("second").New("weight", Zeros(), 3, 4)
	g := New(Config{})
	x := g.Linear(g.Input("x", tensor.Float32, 2, 4), g.Param(first), nil, LinearConfig{})
	y := g.Linear(x, g.Param(second), nil, LinearConfig{})
	g.Check(gorgonia.Add(x, y))
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), "(2, 3)") || !strings.Contains(err.Error(), `the last parameter before it is "second.weight"`) {
		t.Errorf("error %v", err)
	}
	g = New(Config{})
	g.Const("c", []float64{1}, 1)
	g.Const("c", []float64{1}, 1)
	if err := g.Err(); err == nil || !strings.Contains(err.Error(), `constant "c": the name is taken`) {
		t.Errorf("error %v", err)
	}
}

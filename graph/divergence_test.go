package graph

import (
	"fmt"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestDivergenceGradient has rows that don't count, all of a teacher's logits, and some of its tokens.
func TestDivergenceGradient(t *testing.T) {
	for _, beta := range []float64{0, 0.3, 1} {
		for _, top := range []int{0, 1, 3} {
			t.Run(fmt.Sprintf("%g %d", beta, top), func(t *testing.T) {
				checkGradient(t, []leaf{{"z", []int{2, 2, 5}}}, func(g *Graph, n []*Node) *Node {
					targets := g.Input("targets", tensor.Int32, 4)
					copy(Ints(targets), []int32{1, -1, 4, 0})
					c := DivergenceConfig{Beta: beta, Targets: targets}
					var losses *Node
					if top == 0 {
						teacher := g.Const("teacher", []float64{1, 0.5, -2, 0, 0.1, 0, 0, 0, 0, 0, -1, 2, 0.3, -0.4, 1, 3, -1, 0.5, 0.2, 0.7}, 2, 2, 5)
						losses, _ = g.Divergence(n[0], teacher, c)
					} else {
						ids := g.Input("ids", tensor.Int32, 4, top)
						logs := make([]float64, 4*top)
						for i := range logs {
							Ints(ids)[i] = int32((i + i/top) % 5)
							logs[i] = -1.2 - float64(i%top)
						}
						losses, _ = g.TopDivergence(n[0], ids, g.Const("logs", logs, 4, top), c)
					}
					return g.Check(gorgonia.Sum(g.Check(gorgonia.HadamardProd(losses, g.Check(gorgonia.Tanh(losses))))))
				})
			})
		}
	}
}

// TestDivergenceRefuses what doesn't fit, when it is traced and when it runs.
func TestDivergenceRefuses(t *testing.T) {
	for want, make := range map[string]func(g *Graph, z, targets *Node){
		"of shape (2, 4), expected those of the student, (2, 3)": func(g *Graph, z, targets *Node) {
			g.Divergence(z, g.Const("t", make([]float64, 8), 2, 4), DivergenceConfig{Targets: targets})
		},
		"beta 2, expected [0, 1]": func(g *Graph, z, targets *Node) { g.Divergence(z, z, DivergenceConfig{Beta: 2, Targets: targets}) },
		"expected 2 targets":      func(g *Graph, z, targets *Node) { g.Divergence(z, z, DivergenceConfig{}) },
		"expected int32, the same shape, and 2 rows": func(g *Graph, z, targets *Node) {
			g.TopDivergence(z, targets, g.Const("l", make([]float64, 4), 2, 2), DivergenceConfig{Targets: targets})
		},
	} {
		g := New(Config{DType: tensor.Float64})
		make(g, g.Const("z", []float64{1, 2, 3, 4, 5, 6}, 2, 3), g.Input("targets", tensor.Int32, 2))
		if err := g.Err(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, expected %q", err, want)
		}
	}
	g := New(Config{DType: tensor.Float64})
	ids, targets := g.Input("ids", tensor.Int32, 2, 1), g.Input("targets", tensor.Int32, 2)
	losses, entropies := g.TopDivergence(g.Const("z", []float64{1, 2, 3, 4, 5, 6}, 2, 3), ids, g.Const("l", []float64{-1, -2}, 2, 1), DivergenceConfig{Targets: targets})
	m, err := Compile(g, losses, entropies)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if run(t, m); Floats[float64](losses)[0] <= 0 || Floats[float64](entropies)[0] <= 0 {
		t.Errorf("losses %v, cross entropies %v", Floats[float64](losses), Floats[float64](entropies))
	}
	Ints(ids)[1] = 3
	if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "token 3 of the teacher at position 1 is outside of the vocabulary of 3") {
		t.Errorf("error %v", err)
	}
}

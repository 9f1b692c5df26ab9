package graph

import (
	"math"
	"testing"

	"gorgonia.org/tensor"
)

func TestRouteBalanceGradient(t *testing.T) {
	ints := func(g *Graph, name string, values ...int32) *Node {
		n := g.Input(name, tensor.Int32, 2, len(values)/2)
		copy(Ints(n), values)
		return n
	}
	scores := []leaf{{"x", []int{2, 3, 4}}, {"y", []int{2, 3, 4}}}
	for name, config := range map[string]func(g *Graph) BalanceConfig{
		"plain": func(*Graph) BalanceConfig { return BalanceConfig{Active: 2} },
		"padded": func(g *Graph) BalanceConfig {
			return BalanceConfig{Active: 2, Segments: ints(g, "segments", 0, 1, -1, 0, -1, -1)}
		},
		"scaled": func(g *Graph) BalanceConfig {
			return BalanceConfig{Active: 1, Targets: ints(g, "targets", 0, -1, 3, 2, 5, -100), Scale: g.Const("scale", []float64{0.3}, 1)}
		},
	} {
		t.Run(name, func(t *testing.T) {
			checkGradient(t, scores[:1], func(g *Graph, n []*Node) *Node { loss, _ := g.RouteBalance(n, config(g)); return loss })
			checkGradient(t, scores, func(g *Graph, n []*Node) *Node { loss, _ := g.RouteBalance(n, config(g)); return loss })
		})
	}
}

// TestRouteBalance computes a balance by hand: two layers of three rows, of which the last is padding, choose one
// of two experts.
func TestRouteBalance(t *testing.T) {
	g := New(Config{DType: tensor.Float64})
	ln3 := math.Log(3)
	first := g.Const("first", []float64{ln3, 0, ln3, 0, 0, 9}, 1, 3, 2)   // softmax ¾ ¼, ¾ ¼
	second := g.Const("second", []float64{0, ln3, ln3, 0, 0, 9}, 1, 3, 2) // ¼ ¾, ¾ ¼
	segments := g.Input("segments", tensor.Int32, 1, 3)
	copy(Ints(segments), []int32{0, 1, -1})
	targets := g.Input("targets", tensor.Int32, 1, 3)
	copy(Ints(targets), []int32{7, 7, -1})
	balance, counts := g.RouteBalance([]*Node{first, second}, BalanceConfig{Active: 1, Segments: segments, Targets: targets, Scale: g.Const("scale", []float64{0.25}, 1)})
	m, err := Compile(g, balance, counts.Choices, counts.Probabilities)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	if c, p := Floats[float64](counts.Choices), Floats[float64](counts.Probabilities); c[0] != 3 || c[1] != 1 || math.Abs(p[0]-2.5) > 1e-12 || math.Abs(p[1]-1.5) > 1e-12 {
		t.Errorf("choices %v and probabilities %v, expected 3 and 1, 2.5 and 1.5", c, p)
	}
	// Two of the two targets' shares of ¼, times 2·(¾·⅝ + ¼·⅜).
	if got, want := Scalar(balance), 0.5*2*(0.75*0.625+0.25*0.375); math.Abs(got-want) > 1e-12 {
		t.Errorf("balance %g, expected %g", got, want)
	}
}

func TestRouteBalanceRefuses(t *testing.T) {
	for name, build := range map[string]func(g *Graph, x *Node){
		"no layers":  func(g *Graph, x *Node) { g.RouteBalance(nil, BalanceConfig{Active: 1}) },
		"no experts": func(g *Graph, x *Node) { g.RouteBalance([]*Node{x}, BalanceConfig{}) },
		"other experts": func(g *Graph, x *Node) {
			g.RouteBalance([]*Node{x, g.Input("y", tensor.Float32, 2, 3)}, BalanceConfig{Active: 1})
		},
		"segments": func(g *Graph, x *Node) {
			g.RouteBalance([]*Node{x}, BalanceConfig{Active: 1, Segments: g.Input("s", tensor.Int32, 3)})
		},
		"scale alone": func(g *Graph, x *Node) {
			g.RouteBalance([]*Node{x}, BalanceConfig{Active: 1, Scale: g.Input("s", tensor.Float32, 1)})
		},
	} {
		g := New(Config{})
		build(g, g.Input("x", tensor.Float32, 2, 4))
		if g.Err() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

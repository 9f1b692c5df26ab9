package graph

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// randomModel builds a model of random operations that read random earlier
// values, so that values are shared, summed, viewed and overwritten in all sorts of orders.
func randomModel(g *Graph, params []*Param, seed uint64) *Node {
	rng := rand.New(rand.NewPCG(seed, 0))
	values := []*Node{g.Param(params[0]), g.Scale(g.Param(params[1]), 0.5)}
	pick := func() *Node { return values[len(values)-1-rng.IntN(min(4, len(values)))] }
	for range 4 + rng.IntN(10) {
		x := pick()
		var y *Node
		switch rng.IntN(9) {
		case 0, 1, 2:
			y = g.Add(x, pick())
		case 3:
			y = g.Activate([]Activation{GELU, SiLU, Tanh}[rng.IntN(3)], x)
		case 4:
			y = g.LayerNorm(x, g.Param(params[2]), nil, 1e-3)
		case 5:
			var bias *Node
			if rng.IntN(2) == 0 {
				bias = g.Param(params[2])
			}
			y = g.Linear(x, g.Param(params[3+rng.IntN(2)]), bias, LinearConfig{InOut: rng.IntN(2) == 0})
		case 6:
			y = g.Gate(Sigmoid, x, pick())
		case 7:
			y = g.Reshape(g.Activate(Tanh, g.Reshape(x, 12, 4)), 3, 16)
		case 8:
			y = g.Check(gorgonia.Tanh(x))
		}
		values = append(values, y)
	}
	sum := values[0]
	for _, v := range values[1:] {
		sum = g.Add(sum, v)
	}
	// Every parameter takes part, or gorgonia.Grad has no gradient for it.
	for _, p := range params[3:] {
		sum = g.Add(sum, g.Linear(sum, g.Param(p), nil, LinearConfig{}))
	}
	return weightedSum(g, g.LayerNorm(sum, g.Param(params[2]), nil, 1))
}

// TestRewritesKeepTheMeaning runs random models on our machine, which adds,
// overwrites, shares and recomputes, and on Gorgonia's, which does none of it.
func TestRewritesKeepTheMeaning(t *testing.T) {
	tree := NewParams(tensor.Float64, 11)
	params := []*Param{
		tree.New("x", Normal(1), 3, 16), tree.New("y", Normal(1), 3, 16), tree.New("norm", Normal(1), 16),
		tree.New("w1", Normal(0.3), 16, 16), tree.New("w2", Normal(0.3), 16, 16),
	}
	for seed := range uint64(200) {
		build := func() (*Graph, *Node) {
			g := New(Config{DType: tensor.Float64})
			loss := randomModel(g, params, seed)
			if err := g.Grad(loss); err != nil {
				t.Fatalf("model %d: %v", seed, err)
			}
			return g, loss
		}
		g, loss := build()
		m, err := Compile(g, loss)
		if err != nil {
			t.Fatal(err)
		}
		run(t, m)
		run(t, m) // a second run must not see the first
		ours, found := Scalar(loss), [][]float64{}
		for _, p := range params {
			found = append(found, slices.Clone(GradData[float64](p)))
		}
		m.Close()

		g, loss = build()
		g.OverlapGradients()
		if m, err = Compile(g, loss); err != nil {
			t.Fatal(err)
		}
		run(t, m)
		run(t, m)
		if Scalar(loss) != ours {
			t.Errorf("model %d: loss %.17g, with overlapping gradients %.17g", seed, ours, Scalar(loss))
		}
		for i, p := range params {
			if !slices.Equal(GradData[float64](p), found[i]) {
				t.Errorf("model %d: gradient of %s is %v, overlapping %v", seed, p.Name, found[i], GradData[float64](p))
			}
		}
		m.Close()

		g, loss = build()
		tape := gorgonia.NewTapeMachine(g.Expr())
		if err := tape.RunAll(); err != nil {
			t.Fatal(err)
		}
		if theirs := Scalar(loss); math.Abs(ours-theirs) > 1e-9*(1+math.Abs(theirs)) {
			t.Errorf("model %d: loss %.12g, on Gorgonia's machine %.12g", seed, ours, theirs)
		}
		for i, p := range params {
			want := g.grads[p].Value().Data().([]float64)
			for k := range want {
				if math.Abs(found[i][k]-want[k]) > 1e-9*(1+math.Abs(want[k])) {
					t.Errorf("model %d: gradient of %s[%d] is %.12g, on Gorgonia's machine %.12g", seed, p.Name, k, found[i][k], want[k])
					break
				}
			}
		}
		tape.Close()
	}
}

// TestRecomputedValuesAreNotKept checks that the large activation of a
// feed-forward layer is free between the two passes, and that its gradient and itself, computed again, are in the place of what they are computed from.
func TestRecomputedValuesAreNotKept(t *testing.T) {
	const layers = 4
	for _, gated := range []bool{false, true} {
		tree := NewParams(tensor.Float32, 1)
		x, up, down := tree.New("x", Normal(1), 64, 16), tree.New("up", Normal(1), 256, 16), tree.New("down", Normal(1), 16, 256)
		gate, g := tree.New("gate", Normal(1), 256, 16), New(Config{})
		h, kept := g.Param(x), 1 // of large values by layer: those before the activation
		for range layers {
			inner := g.Linear(h, g.Param(up), nil, LinearConfig{})
			if gated {
				kept, inner = 2, g.Gate(SiLU, inner, g.Linear(h, g.Param(gate), nil, LinearConfig{}))
			} else {
				inner = g.Activate(GELU, inner)
			}
			h = g.Add(h, g.Linear(inner, g.Param(down), nil, LinearConfig{}))
		}
		loss := weightedSum(g, h)
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
		m, err := EstimateMemory(g, loss)
		if err != nil {
			t.Fatal(err)
		}
		// Beside what is kept and the residual stream, one of the large ones is alive while a layer is worked on.
		large, small := 64*256*4, 64*16*4
		if most := (kept*layers+1)*large + (layers+4)*small; m.Arena > most {
			t.Errorf("gated %v: the arena has %d bytes, want at most %d", gated, m.Arena, most)
		}
	}
}

// TestResidualsAreAddedByProducts has a stream that linear layers add to and norms read. Products do all additions on their way, unless
// the summands are read too; both give the same bits.
func TestResidualsAreAddedByProducts(t *testing.T) {
	tree := NewParams(tensor.Float32, 5)
	first, x := tree.New("first", Normal(1), 30, 64), tree.New("x", Normal(1), 30, 64)
	norm, bias := tree.New("norm", Normal(1), 64), tree.New("bias", Normal(1), 64)
	w := []*Param{tree.New("w1", Normal(0.3), 64, 64), tree.New("w2", Normal(0.3), 64, 64)}
	build := func() (g *Graph, loss *Node, summands []*Node) {
		g = New(Config{})
		h := g.Param(x)
		for i := range w {
			residual, b := h, (*Node)(nil)
			if i == 0 { // what the product adds to is read by nothing else
				residual, b = g.Scale(g.Param(first), 0.5), g.Param(bias)
			}
			y := g.Linear(g.LayerNorm(h, g.Param(norm), nil, 1e-3), g.Param(w[i]), b, LinearConfig{})
			summands = append(summands, y)
			h = g.Add(residual, y)
		}
		loss = weightedSum(g, g.LayerNorm(h, g.Param(norm), nil, 1e-3))
		if err := g.Grad(loss); err != nil {
			t.Fatal(err)
		}
		return g, loss, summands
	}
	compute := func(g *Graph, outputs ...*Node) (additions int, values []float32) {
		m, err := Compile(g, outputs...)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		run(t, m)
		for _, s := range m.steps {
			if s.name == "add" {
				additions++
			}
		}
		values = append(values, float32(Scalar(outputs[0])))
		for _, p := range append([]*Param{first, x, norm, bias}, w...) {
			values = append(values, GradData[float32](p)...)
		}
		return additions, values
	}
	g, loss, _ := build()
	additions, got := compute(g, loss)
	if additions != 0 {
		t.Errorf("%d additions have steps of their own, want 0", additions)
	}
	g, loss, summands := build()
	additions, want := compute(g, append([]*Node{loss}, summands...)...)
	if additions != len(summands) {
		t.Errorf("%d additions have steps of their own where the summands are read, want %d", additions, len(summands))
	}
	if !slices.Equal(got, want) {
		t.Error("what products add has other bits than what is added apart")
	}
}

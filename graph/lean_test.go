package graph

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// The sizes of a leanModel. With this rank more than a tenth of the parameters are trained.
const (
	leanBatch, leanHeads, leanWidth, leanRank, leanLayers = 2, 2, 16, 1, 4

	leanProjections = 7 // of a layer
)

// leanModel is some layers of a transformer with low-rank adapters, which alone are trained.
type leanModel struct {
	g       *Graph
	tree    *Params
	trained []*Param
}

func (m *leanModel) frozen(p *Params, name string, shape ...int) *Node {
	w := p.New(name, Normal(0.3), shape...)
	w.Frozen = true
	return m.g.Param(w)
}

// adapted is a projection, and what an adapter adds to it of what isn't dropped.
func (m *leanModel) adapted(x *Node, p *Params, name string) *Node {
	a, b := p.New(name+".A", Normal(0.3), leanRank, leanWidth), p.New(name+".B", Normal(0.3), leanWidth, leanRank)
	m.trained = append(m.trained, a, b)
	inner := m.g.Scale(m.g.Linear(m.g.Dropout(x, 0.1), m.g.Param(a), nil, LinearConfig{}), 0.5)
	change := m.g.Linear(inner, m.g.Param(b), nil, LinearConfig{})
	return m.g.Add(m.g.Linear(x, m.frozen(p, name, leanWidth, leanWidth), nil, LinearConfig{}), change)
}

// loss traces the model for texts of a length.
func (m *leanModel) loss(length int) *Node {
	g := m.g
	segments := g.Input("segments", tensor.Int32, leanBatch, length)
	for i := range Ints(segments) {
		Ints(segments)[i] = int32(i % length / 5)
	}
	x := m.frozen(m.tree, "x", leanBatch, length, leanWidth)
	for i := range leanLayers {
		p := m.tree.Sub(string(rune('a' + i)))
		n := g.RMSNorm(x, m.frozen(p, "first norm", leanWidth), 1e-5, 0)
		sum := g.Attention(m.adapted(n, p, "query"), m.adapted(n, p, "key"), m.adapted(n, p, "value"),
			AttentionConfig{Heads: leanHeads, Causal: true, Segments: segments, Dropout: 0.2})
		x = g.Add(x, m.adapted(sum, p, "out"))
		n = g.RMSNorm(x, m.frozen(p, "second norm", leanWidth), 1e-5, 0)
		x = g.Add(x, m.adapted(g.Gate(SiLU, m.adapted(n, p, "gate"), m.adapted(n, p, "up")), p, "down"))
	}
	return weightedSum(g, x)
}

// leanResult is what came of a run.
type leanResult struct {
	arena  int            // bytes
	steps  map[string]int // how many of each name
	values []float32      // the loss and the gradients
}

// runLean runs the model. Beside a large parameter that is frozen and idle the trace is lean.
func runLean(t *testing.T, length int, lean bool) leanResult {
	t.Helper()
	m := &leanModel{g: New(Config{Train: true}), tree: NewParams(tensor.Float32, 3)}
	m.g.OverlapGradients()
	loss := m.loss(length)
	if lean {
		m.frozen(m.tree, "idle", 20*leanLayers*leanProjections*leanRank*leanWidth)
	}
	if err := m.g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	machine, err := Compile(m.g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer machine.Close()
	machine.SetRandom(Random{Seed: 1, Step: 2})
	run(t, machine)
	run(t, machine) // a second run must not see the first
	r := leanResult{machine.Memory().Arena, map[string]int{}, []float32{float32(Scalar(loss))}}
	for _, s := range machine.steps {
		r.steps[s.name]++
	}
	for _, p := range m.trained {
		r.values = append(r.values, GradData[float32](p)...)
	}
	return r
}

// TestLeanTracesKeepLess has a trace that trains a small part of its parameters: it doesn't keep what is dropped of projections' inputs, nor of short texts what
// attention makes, and comes to the same bits.
func TestLeanTracesKeepLess(t *testing.T) {
	const short, long = leanWidth / 2, leanWidth/2 + 1
	for _, c := range []struct {
		length, attention int // how often a lean trace runs it in a layer
	}{{short, 2}, {long, 1}} {
		lean, full := runLean(t, c.length, true), runLean(t, c.length, false)
		if lean.steps["attention"] != c.attention*leanLayers || full.steps["attention"] != leanLayers {
			t.Errorf("%d tokens: %d layers run attention %d times in a lean trace and %d times in another, expected %d and %d", c.length, leanLayers,
				lean.steps["attention"], full.steps["attention"], c.attention*leanLayers, leanLayers)
		}
		const drops = leanProjections * leanLayers
		if lean.steps["dropout"] != 2*drops || full.steps["dropout"] != drops {
			t.Errorf("%d tokens: inputs are dropped %d times in a lean trace and %d times in another, expected %d and %d", c.length, lean.steps["dropout"], full.steps["dropout"], 2*drops, drops)
		}
		if first := lean.steps["linear"] - full.steps["linear"]; first != drops {
			t.Errorf("%d tokens: a lean trace projects %d times more than another, expected %d: each adapter's first projection", c.length, first, drops)
		}
		// Less is kept by what is dropped of all projections' inputs but two of the last layer, which the backward pass begins with, and by what attention
		// makes in the layers before that.
		value := leanBatch * c.length * leanWidth * 4
		if saved := (drops - 2 + (leanLayers-1)*(c.attention-1)) * value; full.arena-lean.arena < saved {
			t.Errorf("%d tokens: a lean trace takes %d bytes and another one %d, expected %d less", c.length, lean.arena, full.arena, saved)
		}
		if !slices.Equal(lean.values, full.values) {
			t.Errorf("%d tokens: a lean trace comes to other bits", c.length)
		}
	}
}

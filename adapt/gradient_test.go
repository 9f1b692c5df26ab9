package adapt

import (
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// net is a model of one's own: a projection, a mixture of experts and a head.
type net struct {
	in   *layers.Linear
	mix  *layers.Mixture
	head *layers.LanguageHead
	tree *graph.Params
}

func newNet(t *testing.T) *net {
	t.Helper()
	p := graph.NewParams(tensor.Float64, 5)
	n := &net{tree: p, in: layers.NewLinear(layers.LinearConfig{In: 5, Out: 6, Bias: true, InOut: true}, p.Sub("in"))}
	expert := layers.FeedForwardConfig{Width: 6, Hidden: 7, Activation: graph.SiLU, Gated: true}
	n.mix = layers.NewMixture(layers.MixtureConfig{Experts: 3, Active: 2, Expert: expert, Init: graph.Normal(1)}, p.Sub("mix"))
	n.head = layers.NewLanguageHead(layers.LanguageHeadConfig{Width: 6, Vocab: 11, Bias: true, Init: graph.Normal(1)}, p.Sub("head"))
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *net) Params() []*graph.Param { return n.tree.All() }

func (n *net) Loss(g *graph.Graph, _ layers.Batch) layers.Loss {
	x := g.Input("x", tensor.Float64, 2, 4, 5)
	for i := range graph.Floats[float64](x) {
		graph.Floats[float64](x)[i] = math.Sin(float64(i * i))
	}
	y, _ := n.mix.Forward(g, n.in.Forward(g, x))
	targets := g.Input("targets", tensor.Int32, 2, 4)
	for i := range graph.Ints(targets) {
		graph.Ints(targets)[i] = int32(i * 3 % 11)
	}
	total, each := n.head.Loss(g, y, targets, graph.CrossEntropyConfig{})
	return layers.Loss{Total: total, Each: each}
}

// fill gives the parameters values of no pattern.
func fill(params []*graph.Param) {
	for k, p := range params {
		for i := range graph.Data[float64](p) {
			graph.Data[float64](p)[i] = 0.5 * math.Sin(float64(k+7*i*i+1))
		}
	}
}

// TestGradientsWithDropout compares gradients with finite differences where dropout and experts take part, which the goldens leave out.
func TestGradientsWithDropout(t *testing.T) {
	for name, c := range map[string]LoRAConfig{
		"all with experts": {Targets: Targets{Regex: `in|head|mix\..*`}},
		"rank stabilized":  {Targets: AllLinear(), RankStabilized: true, Bias: true},
		"dropout":          {Targets: Targets{Regex: `in|head|mix\..*`}, Dropout: 0.3},
		"saved":            {Targets: Targets{Names: []string{"in"}}, SavedModules: []string{"head"}},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNet(t)
			c.Rank, c.Alpha = 2, 3
			a, err := NewLoRA(n, c, 1)
			if err != nil {
				t.Fatal(err)
			}
			fill(a.Params())
			checkGradients(t, n, a.Params())
		})
	}
	// The norms of DoRA are constants to its gradient, so that differences show those of the magnitudes only.
	for _, dropout := range []float64{0, 0.3} {
		n := newNet(t)
		a, err := NewLoRA(n, LoRAConfig{Rank: 2, Alpha: 3, Targets: Targets{Names: []string{"in", "head"}}, DoRA: true, Dropout: dropout}, 1)
		if err != nil {
			t.Fatal(err)
		}
		fill(a.Params())
		var magnitudes []*graph.Param
		for _, p := range a.Params() {
			if p.Shape.Dims() == 1 {
				magnitudes = append(magnitudes, p)
			}
		}
		checkGradients(t, n, magnitudes)
	}
}

func checkGradients(t *testing.T, n *net, params []*graph.Param) {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64, Train: true})
	loss := n.Loss(g, layers.Batch{}).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	for _, p := range n.Params() {
		if slices.Contains(g.Params(), p) && !p.Frozen {
			t.Errorf("%s is trained", p.Name)
		}
	}
	m, err := graph.Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	value := func() float64 {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		return graph.Scalar(loss)
	}
	value()
	var found [][]float64
	for _, p := range params {
		found = append(found, slices.Clone(graph.GradData[float64](p)))
	}
	for k, p := range params {
		data := graph.Data[float64](p)
		for i := range data {
			const step = 1e-5
			old := data[i]
			data[i] = old + step
			up := value()
			data[i] = old - step
			down := value()
			data[i] = old
			if want := (up - down) / (2 * step); math.Abs(found[k][i]-want) > 1e-7*(1+math.Abs(want)) {
				t.Fatalf("%s[%d]: gradient %.9g, finite difference %.9g", p.Name, i, found[k][i], want)
			}
		}
	}
}

// TestNewAdapterChangesNothing holds what a fresh adapter computes to what the model does, and what refused ones leave.
func TestNewAdapterChangesNothing(t *testing.T) {
	run := func(n *net) float64 {
		g := graph.New(graph.Config{DType: tensor.Float64})
		loss := n.Loss(g, layers.Batch{}).Total
		m, err := graph.Compile(g, loss)
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		return graph.Scalar(loss)
	}
	n := newNet(t)
	want := run(n)
	for _, c := range []LoRAConfig{
		{Rank: 2, Alpha: 3, Targets: AllLinear(), Dropout: 0.5},
		{Rank: 2, Alpha: 3, Targets: Targets{Names: []string{"in", "head"}}, DoRA: true},
		{Rank: 2, Alpha: 3, Targets: AllLinear(), SavedModules: []string{"head"}},
	} {
		a, err := NewLoRA(n, c, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := run(n); math.Abs(got-want) > 1e-12 {
			t.Errorf("%+v: the loss is %g, expected %g", c, got, want)
		}
		if _, err := NewLoRA(n, c, 1); err == nil {
			t.Error("a second adapter on top of the first")
		}
		a.Remove()
		if got := run(n); got != want {
			t.Errorf("%+v: the loss is %g without it, expected %g", c, got, want)
		}
	}
	for name, c := range map[string]LoRAConfig{
		"no rank":          {Alpha: 1, Targets: AllLinear()},
		"no alpha":         {Rank: 1, Targets: AllLinear()},
		"no targets":       {Rank: 1, Alpha: 1},
		"unknown target":   {Rank: 1, Alpha: 1, Targets: Targets{Names: []string{"q_proj"}}},
		"unknown module":   {Rank: 1, Alpha: 1, Targets: AllLinear(), SavedModules: []string{"norm"}},
		"no match":         {Rank: 1, Alpha: 1, Targets: Targets{Regex: "q_proj"}},
		"a bad expression": {Rank: 1, Alpha: 1, Targets: Targets{Regex: "("}},
		"half a rank":      {Rank: 1, Alpha: 1, Targets: AllLinear(), Ranks: []Pattern{{"in", 1.5}}},
		"no table":         {Rank: 1, Alpha: 1, Targets: AllLinear(), TrainedTokens: map[string][]int{"embed": {1}}},
		"all of dropout":   {Rank: 1, Alpha: 1, Targets: AllLinear(), Dropout: 1},
	} {
		if _, err := NewLoRA(n, c, 1); err == nil {
			t.Errorf("%s: no error", name)
		}
		for _, p := range n.Params() {
			if p.Frozen {
				t.Fatalf("%s: %s is frozen", name, p.Name)
			}
		}
	}
}

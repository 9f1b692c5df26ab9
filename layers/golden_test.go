package layers

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/internal/golden"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Sizes of the goldens.
const (
	goldenB, goldenT, goldenD, goldenH, goldenHidden, goldenV = 2, 5, 8, 2, 12, 11
)

type goldenCase struct {
	Output     golden.Digest
	Parameters map[string]struct {
		Shape    []int
		Gradient golden.Digest
	}
}

// forward is a layer under test.
type forward func(g *graph.Graph, x *graph.Node) *graph.Node

// goldenLayers makes the layer of each case of testdata/goldens.py.
func goldenLayers() map[string]func(p *graph.Params) forward {
	attention := func(change func(*AttentionConfig)) func(p *graph.Params) forward {
		return func(p *graph.Params) forward {
			c := AttentionConfig{Width: goldenD, Heads: goldenH, Bias: true, OutBias: true}
			change(&c)
			a := NewAttention(c, p)
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return a.Forward(g, x, Pass{}) }
		}
	}
	feedForward := func(kind graph.Activation) func(p *graph.Params) forward {
		return func(p *graph.Params) forward {
			return NewFeedForward(FeedForwardConfig{Width: goldenD, Hidden: goldenHidden, Activation: kind, Bias: true}, p).Forward
		}
	}
	block := func(order Order, causal bool) func(p *graph.Params) forward {
		return func(p *graph.Params) forward {
			b := NewBlock(BlockConfig{
				Attention:   AttentionConfig{Width: goldenD, Heads: goldenH, Packed: true, Bias: true, OutBias: true, Causal: causal},
				FeedForward: FeedForwardConfig{Width: goldenD, Hidden: goldenHidden, Activation: graph.GELU, Bias: true},
				Norm:        NormConfig{Width: goldenD, Eps: 1e-5, Bias: true},
				Order:       order,
			}, p)
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return b.Forward(g, x, Pass{}) }
		}
	}
	return map[string]func(p *graph.Params) forward{
		"linear": func(p *graph.Params) forward {
			return NewLinear(LinearConfig{In: goldenD, Out: 7, Bias: true}, p.Sub("linear")).Forward
		},
		"linear in-out": func(p *graph.Params) forward {
			return NewLinear(LinearConfig{In: goldenD, Out: 7, Bias: true, InOut: true}, p.Sub("linear")).Forward
		},
		"embedding": func(p *graph.Params) forward {
			e := NewEmbedding(EmbeddingConfig{Vocab: goldenV, Width: goldenD, Scale: 3}, p.Sub("embedding"))
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return g.Add(x, e.Forward(g, goldenIDs(g))) }
		},
		"learned position": func(p *graph.Params) forward {
			l := NewLearnedPosition(LearnedPositionConfig{Length: goldenT + 2, Width: goldenD}, p.Sub("position"))
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return l.Forward(g, x, Pass{}) }
		},
		"sinusoidal": func(p *graph.Params) forward {
			s := NewSinusoidal(SinusoidalConfig{Length: goldenT + 2, Width: goldenD}, p)
			return func(g *graph.Graph, x *graph.Node) *graph.Node { return s.Forward(g, x, Pass{}) }
		},
		"layer norm": func(p *graph.Params) forward {
			return NewNorm(NormConfig{Width: goldenD, Eps: 1e-5, Bias: true}, p.Sub("norm")).Forward
		},
		"attention":               attention(func(c *AttentionConfig) {}),
		"attention without bias":  attention(func(c *AttentionConfig) { c.Bias, c.OutBias, c.Causal = false, false, true }),
		"attention causal packed": attention(func(c *AttentionConfig) { c.Causal, c.Packed = true, true }),
		"attention multi-query":   attention(func(c *AttentionConfig) { c.Causal, c.KVHeads = true, 1 }),
		"feed-forward relu":       feedForward(graph.ReLU),
		"feed-forward gelu":       feedForward(graph.GELU),
		"feed-forward gelu tanh":  feedForward(graph.GELUTanh),
		"block pre-norm":          block(PreNorm, true),
		"block post-norm":         block(PostNorm, false),
	}
}

func goldenIDs(g *graph.Graph) *graph.Node {
	ids := g.Input("ids", tensor.Int32, goldenB, goldenT)
	for i := range graph.Ints(ids) {
		graph.Ints(ids)[i] = int32((golden.Value("ids", i) + 1) / 2 * goldenV)
	}
	return ids
}

func TestGoldens(t *testing.T) { checkGoldens(t, "layers.json", goldenLayers()) }

// checkGoldens compares a layer with each case of a file.
func checkGoldens(t *testing.T, file string, layers map[string]func(p *graph.Params) forward) {
	data, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	var cases map[string]goldenCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if layers[name] == nil {
				t.Fatal("no layer is made for this golden")
			}
			checkGolden(t, c, layers[name])
		})
	}
	if len(layers) != len(cases) {
		t.Errorf("%d layers for %d goldens", len(layers), len(cases))
	}
}

// checkGolden compares in float64, where both sides' rounding is 1e-15 an operation.
func checkGolden(t *testing.T, c goldenCase, layer func(p *graph.Params) forward) {
	const tolerance = 1e-11
	source := golden.Source{Shapes: map[string][]int{}}
	for name, p := range c.Parameters {
		source.Shapes[name] = p.Shape
	}
	p := graph.LoadParams(tensor.Float64, source)
	x := p.New("x", graph.Zeros(), goldenB, goldenT, goldenD)
	run := layer(p)
	if err := p.Err(); err != nil {
		t.Fatal(err)
	}
	g := graph.New(graph.Config{DType: tensor.Float64})
	y := run(g, g.Param(x))
	if err := g.Err(); err != nil {
		t.Fatal(err)
	}
	weights := make([]float64, y.Shape().TotalSize())
	for i := range weights {
		weights[i] = golden.Value("loss", i)
	}
	loss := g.Check(gorgonia.Sum(g.Check(gorgonia.HadamardProd(y, g.Const("weights of the loss", weights, y.Shape()...)))))
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	m, err := graph.Compile(g, y, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	if d := golden.Digested("output", graph.Floats[float64](y)).Distance(c.Output, 0); !(d < tolerance) {
		t.Errorf("the output differs by %g of its length", d)
	}
	for _, param := range p.All() {
		want := c.Parameters[param.Name].Gradient
		if d := golden.Digested(param.Name, graph.GradData[float64](param)).Distance(want, 1e-3); !(d < tolerance) {
			t.Errorf("the gradient of %s differs by %g of its length", param.Name, d)
		}
	}
}

package layers

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// evaluate runs a trace in float64 and returns the values of y.
func evaluate(t *testing.T, g *graph.Graph, y *graph.Node) []float64 {
	t.Helper()
	m, err := graph.Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	return graph.Floats[float64](y)
}

func TestALiBiSlopes(t *testing.T) {
	// The slopes of the paper for 8 heads, and those of its code for 6.
	for heads, want := range map[int][]float64{
		8: {1. / 2, 1. / 4, 1. / 8, 1. / 16, 1. / 32, 1. / 64, 1. / 128, 1. / 256},
		6: {1. / 4, 1. / 16, 1. / 64, 1. / 256, 1. / 2, 1. / 8},
	} {
		if d := cmp.Diff(want, ALiBiSlopes(heads)); d != "" {
			t.Errorf("%d heads: %s", heads, d)
		}
	}
}

func TestEmbeddingIsAOneHotProduct(t *testing.T) {
	const vocab, width = 5, 3
	p := graph.NewParams(tensor.Float64, 1)
	e := NewEmbedding(EmbeddingConfig{Vocab: vocab, Width: width, Scale: 2}, p)
	vectors := make([]float64, vocab*width) // given from elsewhere
	for i := range vectors {
		vectors[i] = float64(i) / 10
	}
	copy(graph.Data[float64](e.Weight), vectors)
	g := graph.New(graph.Config{DType: tensor.Float64})
	ids := g.Input("ids", tensor.Int32, 1, 4)
	copy(graph.Ints(ids), []int32{4, 0, 2, 4})
	got := evaluate(t, g, e.Forward(g, ids))
	for i, id := range graph.Ints(ids) {
		for k := range width {
			want := 0.0
			for v := range vocab {
				if int32(v) == id {
					want += 2 * vectors[v*width+k]
				}
			}
			if got[i*width+k] != want {
				t.Errorf("token %d, element %d: %g, expected %g", i, k, got[i*width+k], want)
			}
		}
	}
}

func TestPaddingStartsAtZero(t *testing.T) {
	padding := 2
	e := NewEmbedding(EmbeddingConfig{Vocab: 4, Width: 3, Padding: &padding}, graph.NewParams(tensor.Float32, 1))
	for i, v := range graph.Data[float32](e.Weight) {
		if (v == 0) != (i/3 == padding) {
			t.Errorf("element %d is %g", i, v)
		}
	}
}

func TestPrefixAndWindow(t *testing.T) {
	const length, width = 6, 4
	for _, test := range []struct {
		name   string
		change func(*AttentionConfig)
		sees   func(query, key int) bool
	}{
		{"causal", func(c *AttentionConfig) {}, func(q, k int) bool { return k <= q }},
		{"prefix", func(c *AttentionConfig) { c.Prefix = 3 }, func(q, k int) bool { return k <= q || k < 3 }},
		{"window", func(c *AttentionConfig) { c.Window = 2 }, func(q, k int) bool { return k <= q && k > q-2 }},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := AttentionConfig{Width: width, Heads: 2, Causal: true}
			test.change(&c)
			a := NewAttention(c, graph.NewParams(tensor.Float64, 1))
			out := func(changed int) []float64 {
				g := graph.New(graph.Config{DType: tensor.Float64})
				x := g.Input("x", tensor.Float64, 1, length, width)
				for i := range graph.Floats[float64](x) {
					graph.Floats[float64](x)[i] = math.Sin(float64(i))
					if i/width == changed {
						graph.Floats[float64](x)[i] = math.Cos(float64(i))
					}
				}
				return append([]float64{}, evaluate(t, g, a.Forward(g, x, Pass{}))...)
			}
			before := out(-1)
			for key := range length {
				after := out(key)
				for query := range length {
					saw := !cmp.Equal(before[query*width:(query+1)*width], after[query*width:(query+1)*width])
					// A token's own query changes what it sees in any case.
					if query != key && saw != test.sees(query, key) {
						t.Errorf("query %d sees key %d: %v", query, key, saw)
					}
				}
			}
		})
	}
}

func TestDeepNorm(t *testing.T) {
	// norm(α·x + f(x)) is what post-norm order gives with α at 1.
	const width = 4
	c := BlockConfig{
		Attention:   AttentionConfig{Width: width, Heads: 2},
		FeedForward: FeedForwardConfig{Width: width, Hidden: 6, Activation: graph.ReLU},
		Norm:        NormConfig{Width: width, Eps: 1e-5, Bias: true},
		Order:       PostNorm, ResidualScale: 3,
	}
	b := NewBlock(c, graph.NewParams(tensor.Float64, 1))
	g := graph.New(graph.Config{DType: tensor.Float64})
	x := g.Input("x", tensor.Float64, 1, 3, width)
	for i := range graph.Floats[float64](x) {
		graph.Floats[float64](x)[i] = math.Sin(float64(i))
	}
	h := b.AttentionNorm.Forward(g, g.Add(g.Scale(x, 3), b.Attention.Forward(g, x, Pass{})))
	h = b.FeedForwardNorm.Forward(g, g.Add(g.Scale(h, 3), b.FeedForward.Forward(g, h)))
	want := append([]float64{}, evaluate(t, g, h)...)
	g2 := graph.New(graph.Config{DType: tensor.Float64})
	x2 := g2.Input("x", tensor.Float64, 1, 3, width)
	copy(graph.Floats[float64](x2), graph.Floats[float64](x))
	if d := cmp.Diff(want, evaluate(t, g2, b.Forward(g2, x2, Pass{}))); d != "" {
		t.Error(d)
	}
}

func TestEmbeddingStartsWithVectors(t *testing.T) {
	vectors := [][]float32{{1, 2}, {3, 4}}
	padding := 1
	for _, dt := range []tensor.Dtype{tensor.Float32, tensor.Float64} {
		e := NewEmbedding(EmbeddingConfig{Vocab: 3, Width: 2, Init: graph.Constant(9), Vectors: vectors, Padding: &padding}, graph.NewParams(dt, 1))
		if got := fmt.Sprint(e.Weight.Value().Data()); got != "[1 2 0 0 9 9]" {
			t.Errorf("%v: the table starts as %s", dt, got)
		}
	}
}

func TestMixtureOfEqualExperts(t *testing.T) {
	// Weights that add up to 1 make of equal experts what one of them makes.
	const width = 4
	p := graph.NewParams(tensor.Float64, 1)
	m := NewMixture(MixtureConfig{Experts: 3, Active: 2, Expert: FeedForwardConfig{Width: width, Hidden: 6, Activation: graph.SiLU, Gated: true}}, p)
	for _, e := range m.Experts[1:] {
		for i, l := range []*Linear{e.Gate, e.Up, e.Down} {
			first := []*Linear{m.Experts[0].Gate, m.Experts[0].Up, m.Experts[0].Down}[i]
			copy(graph.Data[float64](l.Weight), graph.Data[float64](first.Weight))
		}
	}
	g := graph.New(graph.Config{DType: tensor.Float64})
	x := g.Input("x", tensor.Float64, 2, 3, width)
	for i := range graph.Floats[float64](x) {
		graph.Floats[float64](x)[i] = math.Sin(float64(i))
	}
	mixed, _ := m.Forward(g, x)
	difference := g.Add(mixed, g.Scale(m.Experts[0].Forward(g, x), -1))
	for i, d := range evaluate(t, g, difference) {
		if math.Abs(d) > 1e-14 {
			t.Errorf("element %d differs by %g", i, d)
		}
	}
}

func TestConfigErrors(t *testing.T) {
	block := BlockConfig{Attention: AttentionConfig{Width: 8, Heads: 2}, FeedForward: FeedForwardConfig{Width: 8, Hidden: 8, Activation: graph.ReLU}, Norm: NormConfig{Width: 8}}
	for _, test := range []struct {
		name, err string
		build     func(p *graph.Params)
	}{
		{"linear", "sizes 0 and 3", func(p *graph.Params) { NewLinear(LinearConfig{Out: 3}, p) }},
		{"embedding", "vocabulary of 0", func(p *graph.Params) { NewEmbedding(EmbeddingConfig{Width: 3}, p) }},
		{"vectors", "2 vectors for a vocabulary of 1", func(p *graph.Params) {
			NewEmbedding(EmbeddingConfig{Vocab: 1, Width: 1, Vectors: [][]float32{{1}, {2}}}, p)
		}},
		{"vector", "vector 0 has 2 elements, expected the width 3", func(p *graph.Params) {
			NewEmbedding(EmbeddingConfig{Vocab: 1, Width: 3, Vectors: [][]float32{{1, 2}}}, p)
		}},
		{"biased experts", "expected none of them", func(p *graph.Params) {
			NewMixture(MixtureConfig{Experts: 2, Active: 1, Expert: FeedForwardConfig{Width: 2, Hidden: 2, Bias: true}}, p)
		}},
		{"heads", "width 8 is not divisible by 3 heads", func(p *graph.Params) { NewAttention(AttentionConfig{Width: 8, Heads: 3}, p) }},
		{"groups", "4 heads are not divisible by 3 key/value heads", func(p *graph.Params) { NewAttention(AttentionConfig{Width: 8, Heads: 4, KVHeads: 3}, p) }},
		{"window", "a window needs causal attention", func(p *graph.Params) { NewAttention(AttentionConfig{Width: 8, Heads: 2, Window: 3}, p) }},
		{"rotary", "5 elements of heads of 4", func(p *graph.Params) { NewRotary(RotaryConfig{HeadSize: 4, Size: 5}, p) }},
		{"scaling", `scaling "ntk" is not known`, func(p *graph.Params) {
			NewRotary(RotaryConfig{HeadSize: 4, Scaling: RotaryScaling{Kind: "ntk"}}, p)
		}},
		{"mixture", "3 of 2 experts active", func(p *graph.Params) {
			NewMixture(MixtureConfig{Experts: 2, Active: 3, Expert: FeedForwardConfig{Width: 2, Hidden: 2}}, p)
		}},
		{"sinusoidal", "the width even", func(p *graph.Params) { NewSinusoidal(SinusoidalConfig{Length: 3, Width: 5}, p) }},
		{"norm", "an offset for RMS norm", func(p *graph.Params) { NewNorm(NormConfig{Width: 3, Offset: 1}, p) }},
		{"block", "differ", func(p *graph.Params) {
			c := block
			c.Norm.Width = 4
			NewBlock(c, p)
		}},
		{"dropout", "dropout 1", func(p *graph.Params) {
			c := block
			c.Dropout = 1
			NewBlock(c, p)
		}},
		{"name", `"weight": the name is used twice`, func(p *graph.Params) {
			NewLinear(LinearConfig{In: 2, Out: 2}, p)
			NewLinear(LinearConfig{In: 2, Out: 2}, p)
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := graph.NewParams(tensor.Float32, 1)
			test.build(p)
			if err := p.Err(); err == nil || !strings.Contains(err.Error(), test.err) {
				t.Errorf("error %v, expected one with %q", err, test.err)
			}
		})
	}
}

// TestPackedGate has one projection make what two others make.
func TestPackedGate(t *testing.T) {
	const width, hidden = 4, 6
	c := FeedForwardConfig{Width: width, Hidden: hidden, Activation: graph.SiLU, Gated: true, Bias: true}
	two := NewFeedForward(c, graph.NewParams(tensor.Float64, 1))
	c.Packed = true
	one := NewFeedForward(c, graph.NewParams(tensor.Float64, 2))
	weight := graph.Data[float64](one.GateUp.Weight)
	copy(weight[copy(weight, graph.Data[float64](two.Gate.Weight)):], graph.Data[float64](two.Up.Weight))
	copy(graph.Data[float64](one.Down.Weight), graph.Data[float64](two.Down.Weight))
	results := map[*FeedForward][]float64{}
	for _, f := range []*FeedForward{one, two} {
		g := graph.New(graph.Config{DType: tensor.Float64})
		x := g.Input("x", tensor.Float64, 1, 3, width)
		for i := range graph.Floats[float64](x) {
			graph.Floats[float64](x)[i] = math.Sin(float64(i))
		}
		results[f] = append([]float64{}, evaluate(t, g, f.Forward(g, x))...)
	}
	if d := cmp.Diff(results[two], results[one]); d != "" {
		t.Error(d)
	}
}

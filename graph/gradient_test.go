package graph

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// weightedSum reduces y to the scalar Σ weights·y, so that every element of an
// operation's output gets a gradient of its own.
func weightedSum(g *Graph, y *Node) *Node {
	if g.err != nil {
		return g.broken
	}
	weights := make([]float64, y.Shape().TotalSize())
	for i := range weights {
		weights[i] = math.Sin(float64(3*i + 1))
	}
	return g.apply("weighted sum", &weightedSumOp{weights: weights}, tensor.ScalarShape(), y)
}

type weightedSumOp struct {
	base
	weights []float64
}

func (o *weightedSumOp) DiffWRT(int) []bool { return []bool{true} }

func (o *weightedSumOp) SymDiff(in gorgonia.Nodes, _, grad *Node) (gorgonia.Nodes, error) {
	return gorgonia.Nodes{o.g.scaleBy(o.g.Const(fmt.Sprintf("weights %d", o.id), o.weights, in[0].Shape()...), grad)}, o.g.err
}

func (o *weightedSumOp) lower(c *call) func() error {
	dst, y := c.outs[0], c.ins[0]
	return func() error {
		sum := 0.0
		for i, w := range o.weights {
			if y.f64 != nil {
				sum += w * y.f64[i]
			} else {
				sum += w * float64(y.f32[i])
			}
		}
		if dst.f64 != nil {
			dst.f64[0] = sum
		} else {
			dst.f32[0] = float32(sum)
		}
		return nil
	}
}

// leaf is a trained tensor of a gradient check.
type leaf struct {
	name  string
	shape []int
}

// checkGradient compares the gradients that a trace derives with central
// differences, in float64. The step of 1e-5 leaves an error of about 1e-10 from
// the third derivative and 1e-11 from rounding; the tolerance is 1e-6.
func checkGradient(t *testing.T, leaves []leaf, build func(g *Graph, leaves []*Node) *Node) {
	t.Helper()
	tree := NewParams(tensor.Float64, 7)
	var params []*Param
	for _, l := range leaves {
		params = append(params, tree.New(l.name, Normal(1), l.shape...))
	}
	if err := tree.Err(); err != nil {
		t.Fatal(err)
	}
	g := New(Config{DType: tensor.Float64, Train: true})
	var nodes []*Node
	for _, p := range params {
		nodes = append(nodes, g.Param(p))
	}
	loss := build(g, nodes)
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	m, err := Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	value := func() float64 {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		return Scalar(loss)
	}
	value()
	var found [][]float64
	for _, p := range params {
		found = append(found, slices.Clone(GradData[float64](p)))
	}
	for k, p := range params {
		data := Data[float64](p)
		for i := range data {
			const step = 1e-5
			old := data[i]
			data[i] = old + step
			up := value()
			data[i] = old - step
			down := value()
			data[i] = old
			want := (up - down) / (2 * step)
			if math.Abs(found[k][i]-want) > 1e-6*(1+math.Abs(want)) {
				t.Errorf("%s[%d]: gradient %.9g, finite difference %.9g", p.Name, i, found[k][i], want)
			}
		}
	}
}

func ids(g *Graph, name string, vocab int, shape ...int) *Node {
	n := g.Input(name, tensor.Int32, shape...)
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range Ints(n) {
		Ints(n)[i] = int32(rng.IntN(vocab))
	}
	return n
}

func TestGradients(t *testing.T) {
	x := leaf{"x", []int{2, 3, 8}}
	tests := []struct {
		name   string
		leaves []leaf
		build  func(g *Graph, n []*Node) *Node
	}{
		{"add", []leaf{x, {"y", []int{2, 3, 8}}}, func(g *Graph, n []*Node) *Node { return g.Add(n[0], n[1]) }},
		{"add to itself", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Add(n[0], n[0]) }},
		{"scale", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Scale(n[0], -1.5) }},
		{"reshape", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Reshape(g.Scale(n[0], 2), 6, 8) }},
		{"add rows", []leaf{x, {"table", []int{5, 8}}}, func(g *Graph, n []*Node) *Node { return g.AddRows(n[0], n[1]) }},
		{"dropout", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Dropout(n[0], 0.3) }},
		{"embedding", []leaf{{"table", []int{5, 3}}}, func(g *Graph, n []*Node) *Node {
			return g.Embedding(n[0], ids(g, "ids", 5, 2, 4))
		}},
		{"linear", []leaf{x, {"w", []int{5, 8}}, {"b", []int{5}}}, func(g *Graph, n []*Node) *Node {
			return g.Linear(n[0], n[1], n[2], LinearConfig{})
		}},
		{"linear without bias", []leaf{x, {"w", []int{5, 8}}}, func(g *Graph, n []*Node) *Node {
			return g.Linear(n[0], n[1], nil, LinearConfig{})
		}},
		{"linear in-out", []leaf{x, {"w", []int{8, 5}}, {"b", []int{5}}}, func(g *Graph, n []*Node) *Node {
			return g.Linear(n[0], n[1], n[2], LinearConfig{InOut: true})
		}},
		{"linear with GELU", []leaf{x, {"w", []int{8, 5}}, {"b", []int{5}}}, func(g *Graph, n []*Node) *Node {
			return g.Activate(GELU, g.Linear(n[0], n[1], n[2], LinearConfig{InOut: true}))
		}},
		{"layer norm", []leaf{x, {"w", []int{8}}, {"b", []int{8}}}, func(g *Graph, n []*Node) *Node {
			return g.LayerNorm(n[0], n[1], n[2], 1e-5)
		}},
		{"layer norm without bias", []leaf{x, {"w", []int{8}}}, func(g *Graph, n []*Node) *Node {
			return g.LayerNorm(n[0], n[1], nil, 1e-5)
		}},
		{"layer norm without parameters", []leaf{x}, func(g *Graph, n []*Node) *Node {
			return g.LayerNorm(n[0], nil, nil, 1e-5)
		}},
		{"layer norm of many rows", []leaf{{"x", []int{1, 71, 4}}, {"w", []int{4}}, {"b", []int{4}}}, func(g *Graph, n []*Node) *Node {
			return g.LayerNorm(n[0], n[1], n[2], 1e-5)
		}},
		{"rms norm", []leaf{x, {"w", []int{8}}}, func(g *Graph, n []*Node) *Node { return g.RMSNorm(n[0], n[1], 1e-6, 0) }},
		{"rms norm with offset", []leaf{x, {"w", []int{8}}}, func(g *Graph, n []*Node) *Node { return g.RMSNorm(n[0], n[1], 1e-6, 1) }},
		{"gate", []leaf{x, {"b", []int{2, 3, 8}}}, func(g *Graph, n []*Node) *Node { return g.Gate(SiLU, n[0], n[1]) }},
		{"residual", []leaf{x, {"w", []int{8, 8}}}, func(g *Graph, n []*Node) *Node {
			return g.Add(n[0], g.Linear(g.LayerNorm(n[0], nil, nil, 1e-5), n[1], nil, LinearConfig{}))
		}},
		{"stock tanh", []leaf{x, {"w", []int{8, 8}}}, func(g *Graph, n []*Node) *Node {
			return g.Linear(g.Check(gorgonia.Tanh(n[0])), n[1], nil, LinearConfig{})
		}},
	}
	for _, kind := range []Activation{ReLU, ReLUSquared, GELU, GELUTanh, SiLU, Tanh, Sigmoid} {
		tests = append(tests, struct {
			name   string
			leaves []leaf
			build  func(g *Graph, n []*Node) *Node
		}{kind.String(), []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Activate(kind, n[0]) }})
	}
	for _, interleaved := range []bool{false, true} {
		tests = append(tests, struct {
			name   string
			leaves []leaf
			build  func(g *Graph, n []*Node) *Node
		}{fmt.Sprintf("rotary interleaved=%v", interleaved), []leaf{x}, func(g *Graph, n []*Node) *Node {
			angle := func(f func(float64) float64) []float64 {
				return []float64{f(0), f(0), f(0.5), f(0.1), f(1), f(0.2)}
			}
			return g.Rotary(n[0], g.Const("cos", angle(math.Cos), 3, 2), g.Const("sin", angle(math.Sin), 3, 2), RotaryConfig{HeadSize: 8, Interleaved: interleaved})
		}})
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkGradient(t, test.leaves, func(g *Graph, n []*Node) *Node { return weightedSum(g, test.build(g, n)) })
		})
	}
}

func TestAttentionGradients(t *testing.T) {
	segments := func(g *Graph) *Node {
		n := g.Input("segments", tensor.Int32, 2, 5)
		copy(Ints(n), []int32{0, 0, 1, 1, 1, 0, 0, 0, -1, -1})
		return n
	}
	tests := []struct {
		name   string
		config AttentionConfig
		packed bool
		segs   bool
		bias   bool
	}{
		{name: "separate", config: AttentionConfig{Heads: 2}},
		{name: "causal", config: AttentionConfig{Heads: 2, Causal: true}},
		{name: "packed causal", config: AttentionConfig{Heads: 2, Causal: true}, packed: true},
		{name: "grouped", config: AttentionConfig{Heads: 4, KVHeads: 2, Causal: true}},
		{name: "multi-query packed", config: AttentionConfig{Heads: 4, KVHeads: 1, Causal: true}, packed: true},
		{name: "window", config: AttentionConfig{Heads: 2, Causal: true, Window: 2}, packed: true},
		{name: "prefix", config: AttentionConfig{Heads: 2, Causal: true, Prefix: 3}, packed: true},
		{name: "soft cap", config: AttentionConfig{Heads: 2, Causal: true, SoftCap: 1.5}, packed: true},
		{name: "slopes", config: AttentionConfig{Heads: 2, Causal: true, Slopes: []float64{0.5, 0.25}}, packed: true},
		{name: "segments", config: AttentionConfig{Heads: 2, Causal: true}, packed: true, segs: true},
		{name: "segments both ways", config: AttentionConfig{Heads: 2}, segs: true},
		{name: "bias", config: AttentionConfig{Heads: 2}, bias: true},
		{name: "bias and segments", config: AttentionConfig{Heads: 2, Causal: true, Scale: 1}, bias: true, segs: true, packed: true},
	}
	const b, t5, size = 2, 5, 4
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			kv := test.config.KVHeads
			if kv == 0 {
				kv = test.config.Heads
			}
			leaves := []leaf{{"q", []int{b, t5, test.config.Heads * size}}, {"k", []int{b, t5, kv * size}}, {"v", []int{b, t5, kv * size}}}
			if test.packed {
				leaves = []leaf{{"qkv", []int{b, t5, (test.config.Heads + 2*kv) * size}}}
			}
			if test.bias {
				leaves = append(leaves, leaf{"bias", []int{test.config.Heads, t5, t5}})
			}
			checkGradient(t, leaves, func(g *Graph, n []*Node) *Node {
				c := test.config
				if test.segs {
					c.Segments = segments(g)
				}
				if test.bias {
					c.Bias = n[len(n)-1]
				}
				if test.packed {
					return weightedSum(g, g.PackedAttention(n[0], c))
				}
				return weightedSum(g, g.Attention(n[0], n[1], n[2], c))
			})
		})
	}
	t.Run("cross", func(t *testing.T) {
		checkGradient(t, []leaf{{"q", []int{2, 3, 8}}, {"k", []int{2, 5, 8}}, {"v", []int{2, 5, 8}}}, func(g *Graph, n []*Node) *Node {
			return weightedSum(g, g.Attention(n[0], n[1], n[2], AttentionConfig{Heads: 2}))
		})
	})
}

func TestCrossEntropyGradients(t *testing.T) {
	leaves := []leaf{{"x", []int{2, 3, 4}}, {"w", []int{7, 4}}, {"b", []int{7}}}
	targets := func(g *Graph) *Node {
		n := g.Input("targets", tensor.Int32, 2, 3)
		copy(Ints(n), []int32{6, 0, -100, 3, 3, -1})
		return n
	}
	for _, test := range []struct {
		name     string
		bias     bool
		weighted bool
		scaled   bool
		config   CrossEntropyConfig
	}{
		{name: "plain"},
		{name: "weighted", weighted: true},
		{name: "weighted, with a bias, scaled and smoothed", bias: true, weighted: true, scaled: true, config: CrossEntropyConfig{LabelSmoothing: 0.1}},
		{name: "bias", bias: true},
		{name: "scaled", scaled: true},
		{name: "soft cap", bias: true, config: CrossEntropyConfig{SoftCap: 2}},
		{name: "label smoothing", config: CrossEntropyConfig{LabelSmoothing: 0.1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			used := leaves[:2]
			if test.bias {
				used = leaves
			}
			checkGradient(t, used, func(g *Graph, n []*Node) *Node {
				c := test.config
				if test.scaled {
					c.Scale = g.Const("scale", []float64{0.05}, 1)
				}
				if test.weighted {
					c.Weights = g.Const("weights", []float64{1, 0.5, 7, 3, 0, 7}, 2, 3)
				}
				var b *Node
				if test.bias {
					b = n[2]
				}
				loss, _ := g.LinearCrossEntropy(n[0], n[1], b, targets(g), c)
				return loss
			})
		})
	}
	t.Run("a loss that is scaled", func(t *testing.T) {
		checkGradient(t, leaves[:2], func(g *Graph, n []*Node) *Node {
			loss, _ := g.LinearCrossEntropy(n[0], n[1], nil, targets(g), CrossEntropyConfig{})
			return g.Scale(loss, 3)
		})
	})
	t.Run("a tied table", func(t *testing.T) {
		checkGradient(t, []leaf{{"table", []int{7, 4}}}, func(g *Graph, n []*Node) *Node {
			x := g.Embedding(n[0], ids(g, "ids", 7, 2, 3))
			loss, _ := g.LinearCrossEntropy(x, n[0], nil, targets(g), CrossEntropyConfig{})
			return loss
		})
	})
}

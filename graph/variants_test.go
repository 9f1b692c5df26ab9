package graph

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TestVariantGradients checks the gradients of the operations that only some
// families need.
func TestVariantGradients(t *testing.T) {
	x := leaf{"x", []int{2, 3, 8}}
	tests := []struct {
		name   string
		leaves []leaf
		build  func(g *Graph, n []*Node) *Node
	}{
		{"slice", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.Slice(n[0], 2, 7) }},
		{"slices that are added", []leaf{x}, func(g *Graph, n []*Node) *Node {
			return g.Add(g.Slice(n[0], 0, 5), g.Slice(n[0], 3, 8))
		}},
		{"regroup", []leaf{{"x", []int{2, 3, 12}}}, func(g *Graph, n []*Node) *Node { return g.Regroup(n[0], 2, 3) }},
		{"drop path", []leaf{x}, func(g *Graph, n []*Node) *Node { return g.DropPath(n[0], 0.5) }},
		{"attention dropout", []leaf{{"q", []int{2, 3, 8}}, {"k", []int{2, 5, 4}}, {"v", []int{2, 5, 4}}}, func(g *Graph, n []*Node) *Node {
			return g.Attention(n[0], n[1], n[2], AttentionConfig{Heads: 4, KVHeads: 2, Causal: true, Dropout: 0.3})
		}},
		{"route", []leaf{{"x", []int{2, 3, 5}}}, func(g *Graph, n []*Node) *Node { return g.Route(n[0], 2) }},
		{"weigh", []leaf{x, {"w", []int{2, 3, 4}}}, func(g *Graph, n []*Node) *Node {
			return g.Add(g.Weigh(n[0], n[1], 1), g.Weigh(n[0], n[1], 3))
		}},
		{"grouped linear", []leaf{{"x", []int{8, 3}}, {"w0", []int{5, 3}}, {"w1", []int{5, 3}}, {"w2", []int{5, 3}}, {"w3", []int{5, 3}}}, func(g *Graph, n []*Node) *Node {
			return g.GroupedLinear(n[0], unevenSlots(g), n[1:])
		}},
		{"collect", []leaf{{"x", []int{8, 3}}}, func(g *Graph, n []*Node) *Node { return g.Collect(n[0], unevenSlots(g), 4) }},
		{"relative bias", []leaf{{"table", []int{8, 2}}}, func(g *Graph, n []*Node) *Node {
			return g.RelativeBias(n[0], RelativeBiasConfig{Queries: 7, Keys: 9, MaxDistance: 8})
		}},
		{"relative bias both ways", []leaf{{"table", []int{8, 2}}}, func(g *Graph, n []*Node) *Node {
			return g.RelativeBias(n[0], RelativeBiasConfig{Queries: 9, Keys: 9, MaxDistance: 8, Bidirectional: true})
		}},
		{"rotary of some heads", []leaf{{"x", []int{1, 2, 8}}}, func(g *Graph, n []*Node) *Node {
			table := []float64{0.5, 0.6}
			return g.Rotary(n[0], g.Const("cos", table, 2, 1), g.Const("sin", table, 2, 1), RotaryConfig{HeadSize: 4, Heads: 1})
		}},
		{"rotary by token", []leaf{{"x", []int{2, 2, 4}}}, func(g *Graph, n []*Node) *Node {
			table := []float64{0.5, 0.6, 0.1, 0.2}
			return g.Rotary(n[0], g.Const("cos", table, 2, 2, 1), g.Const("sin", table, 2, 2, 1), RotaryConfig{HeadSize: 4})
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			checkGradient(t, test.leaves, func(g *Graph, n []*Node) *Node { return weightedSum(g, test.build(g, n)) })
		})
	}
}

// unevenSlots dispatches four rows to two of four experts each; nobody chooses the third.
func unevenSlots(g *Graph) Slots {
	logits := []float64{5, 1, 0, 4, 3, 9, 1, 2, 7, 2, 0, 3, 1, 4, 0, 9}
	return g.Dispatch(g.Const("logits", logits, 4, 4), 2)
}

func TestDispatch(t *testing.T) {
	g := New(Config{})
	slots := unevenSlots(g)
	m, err := Compile(g, slots.Rows, slots.Cells)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got, want := Ints(slots.Rows), []int32{0, 1, 2, 1, 3, 0, 2, 3}; !slices.Equal(got, want) {
		t.Errorf("rows %v, expected %v", got, want)
	}
	if got, want := Ints(slots.Cells), []int32{0, 4, 8, 5, 13, 3, 11, 15}; !slices.Equal(got, want) {
		t.Errorf("cells %v, expected %v", got, want)
	}
}

func TestPositions(t *testing.T) {
	g := New(Config{})
	segments := g.Input("segments", tensor.Int32, 2, 6)
	copy(Ints(segments), []int32{0, 0, 0, 1, 1, -1, 4, 4, 4, 4, 4, 4})
	table := g.Const("table", []float64{0, 1, 2, 3, 4, 5}, 6, 1)
	y := g.Embedding(table, g.Positions(segments))
	m, err := Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(Floats[float32](y)); got != "[0 1 2 0 1 0 0 1 2 3 4 5]" {
		t.Errorf("positions %v", got)
	}
}

// TestTextRotary turns each text by the frequencies for its length.
func TestTextRotary(t *testing.T) {
	g := New(Config{DType: tensor.Float64})
	segments := g.Input("segments", tensor.Int32, 1, 8)
	copy(Ints(segments), []int32{0, 0, 1, 1, 1, 2, 2, -1})
	c := TextRotaryConfig{Frequencies: [][]float64{{1, 0.5}, {3, 0.25}}, Over: 2, Factor: 2}
	cos, sin := g.TextRotary(g.Positions(segments), g.TextLengths(segments), c)
	rows := g.Input("rows", tensor.Int32, 1)
	Ints(rows)[0] = 9
	cos9, _ := g.TextRotary(g.Positions(segments), rows, c)
	at := g.RowLengths(g.Positions(segments))
	cosAt, _ := g.TextRotary(g.Positions(segments), at, c)
	m, err := Compile(g, cos, sin, cos9, cosAt)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for i, want := range []struct{ at, row float64 }{{0, 0}, {1, 0}, {0, 1}, {1, 1}, {2, 1}, {0, 0}, {1, 0}, {0, 0}} {
		for k := range 2 {
			angle := want.at * c.Frequencies[int(want.row)][k]
			long := 2 * math.Cos(want.at*c.Frequencies[1][k])
			for what, pair := range map[string][2]float64{
				"cosine": {Floats[float64](cos)[2*i+k], 2 * math.Cos(angle)}, "sine": {Floats[float64](sin)[2*i+k], 2 * math.Sin(angle)},
				"cosine of a long row": {Floats[float64](cos9)[2*i+k], long}, "cosine of a row by its positions": {Floats[float64](cosAt)[2*i+k], long},
			} {
				if pair[0] != pair[1] {
					t.Errorf("%s %d of token %d is %g, expected %g", what, k, i, pair[0], pair[1])
				}
			}
		}
	}
}

func TestPaddingGetsNoGradient(t *testing.T) {
	tree := NewParams(tensor.Float32, 1)
	p := tree.New("table", Normal(1), 3, 2)
	g := New(Config{})
	ids := g.Input("ids", tensor.Int32, 1, 4)
	copy(Ints(ids), []int32{0, 1, 2, 1})
	loss := weightedSum(g, g.EmbeddingPadded(g.Param(p), ids, 1))
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	m, err := Compile(g, loss)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	for i, v := range GradData[float32](p) {
		if (v == 0) != (i/2 == 1) {
			t.Errorf("gradient %d is %g", i, v)
		}
	}
}

func TestRoute(t *testing.T) {
	g := New(Config{DType: tensor.Float64})
	logits := g.Const("logits", []float64{1, 3, 2, 0, 5, 5, 5, 5}, 2, 4)
	gates := g.Route(logits, 2)
	balance, _ := g.RouteBalance([]*Node{logits}, BalanceConfig{Active: 4})
	m, err := Compile(g, gates, balance)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("%.4f", Floats[float64](gates))
	if want := "[0.0000 0.7311 0.2689 0.0000 0.5000 0.5000 0.0000 0.0000]"; got != want {
		t.Errorf("gates %s, expected %s", got, want)
	}
	if b := Scalar(balance); b < 4-1e-12 || b > 4+1e-12 {
		t.Errorf("the balance of experts that are all chosen is %g, expected 4", b)
	}
}

// TestAttentionDropoutKeepsTheMean averages attention over many steps, each with weights of its own dropped.
func TestAttentionDropoutKeepsTheMean(t *testing.T) {
	const steps, tokens, width = 4000, 6, 8
	build := func(train bool, p float64) (*Machine, *Node) {
		g := New(Config{DType: tensor.Float64, Train: train})
		x := make([]float64, tokens*3*width)
		for i := range x {
			x[i] = float64(i*37%19)/19 - 0.5
		}
		out := g.PackedAttention(g.Const("x", x, 1, tokens, 3*width), AttentionConfig{Heads: 2, Causal: true, Dropout: p})
		m, err := Compile(g, out)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { m.Close() })
		return m, out
	}
	m, out := build(true, 0.2)
	var sum, first []float64
	for step := range uint64(steps) {
		m.SetRandom(Random{Seed: 1, Step: step})
		run(t, m)
		values := out.Value().Data().([]float64)
		if sum == nil {
			sum, first = make([]float64, len(values)), slices.Clone(values)
		}
		for i, v := range values {
			sum[i] += v / steps
		}
	}
	m.SetRandom(Random{Seed: 1, Step: 0})
	run(t, m)
	if !slices.Equal(out.Value().Data().([]float64), first) {
		t.Error("the same step has other weights dropped when it is repeated")
	}
	m, whole := build(false, 0.2) // not for training
	run(t, m)
	want := whole.Value().Data().([]float64)
	if slices.Equal(first, want) {
		t.Error("nothing is dropped")
	}
	for i, v := range sum {
		if d := v - want[i]; d > 0.02 || d < -0.02 {
			t.Errorf("element %d is %.4f on average, without dropout %.4f", i, v, want[i])
		}
	}
}

// TestBiasOfAFrozenWeight has the gradient of a bias with and without that of the weight, which are found together.
func TestBiasOfAFrozenWeight(t *testing.T) {
	for _, inOut := range []bool{false, true} {
		var found [][]float64
		for _, frozen := range []bool{false, true} {
			tree := NewParams(tensor.Float64, 4)
			w, b := tree.New("w", Normal(1), 5, 5), tree.New("b", Normal(1), 5)
			w.Frozen = frozen
			g := New(Config{DType: tensor.Float64})
			x := g.Const("x", []float64{1, -2, 3, 4, 5, 6, 7, -8, 9, 10}, 2, 5)
			loss := weightedSum(g, g.Linear(x, g.Param(w), g.Param(b), LinearConfig{InOut: inOut}))
			if err := g.Grad(loss); err != nil {
				t.Fatal(err)
			}
			m, err := Compile(g, loss)
			if err != nil {
				t.Fatal(err)
			}
			run(t, m)
			found = append(found, slices.Clone(GradData[float64](b)))
			m.Close()
		}
		if !slices.Equal(found[0], found[1]) || slices.Max(found[0]) == 0 {
			t.Errorf("InOut %v: gradient of the bias %v, with a frozen weight %v", inOut, found[0], found[1])
		}
	}
}

// TestTokenLossesGradient computes with the losses of tokens, of which some don't count.
func TestTokenLossesGradient(t *testing.T) {
	for name, c := range map[string]CrossEntropyConfig{"plain": {}, "capped and smoothed": {SoftCap: 2, LabelSmoothing: 0.1}} {
		t.Run(name, func(t *testing.T) {
			leaves := []leaf{{"x", []int{2, 3, 4}}, {"w", []int{5, 4}}, {"b", []int{5}}}
			for bias := range 2 {
				checkGradient(t, leaves[:2+bias], func(g *Graph, n []*Node) *Node {
					targets := g.Input("targets", tensor.Int32, 6)
					copy(Ints(targets), []int32{1, -1, 4, 0, -100, 2})
					var b *Node
					if bias == 1 {
						b = n[2]
					}
					losses := g.TokenLosses(n[0], n[1], b, targets, c)
					return g.Check(gorgonia.Sum(g.Check(gorgonia.HadamardProd(losses, g.Check(gorgonia.Tanh(losses))))))
				})
			}
		})
	}
}

// TestTokenLossesAreThoseOfCrossEntropy compares values, and refuses what doesn't fit.
func TestTokenLossesAreThoseOfCrossEntropy(t *testing.T) {
	g := New(Config{DType: tensor.Float64})
	x, w := g.Const("x", []float64{1, -2, 0.5, 3}, 2, 2), g.Const("w", []float64{1, 2, -1, 0.5, 0, 1}, 3, 2)
	targets := g.Input("targets", tensor.Int32, 2)
	copy(Ints(targets), []int32{2, 0})
	_, want := g.LinearCrossEntropy(x, w, nil, targets, CrossEntropyConfig{})
	got, twice := g.TokenLosses(x, w, nil, targets, CrossEntropyConfig{}), g.Reshape(targets, 2, 1)
	m, err := Compile(g, want, got, g.Detach(got), twice)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	run(t, m)
	if !slices.Equal(Floats[float64](got), Floats[float64](want)) || Floats[float64](got)[0] == 0 || !slices.Equal(Ints(twice), []int32{2, 0}) {
		t.Errorf("got %v, expected %v", Floats[float64](got), Floats[float64](want))
	}
	squares := g.SquaredProbabilities(got)
	both, err := Compile(g, got, squares)
	if err != nil {
		t.Fatal(err)
	}
	defer both.Close()
	run(t, both)
	for i, z := range [][]float64{{-3, -2, -2}, {6.5, 1, 3}} {
		var sum, double float64
		for _, v := range z {
			sum, double = sum+math.Exp(v), double+math.Exp(2*v)
		}
		if s := Floats[float64](squares)[i]; math.Abs(s-math.Log(double/sum/sum)) > 1e-12 {
			t.Errorf("the squares of row %d sum up to e^%g, expected e^%g", i, s, math.Log(double/sum/sum))
		}
	}
	if g.SquaredProbabilities(x) != nil || !slices.Equal(Floats[float64](got), Floats[float64](want)) {
		t.Errorf("squares of what has none, or losses %v beside them, expected %v", Floats[float64](got), Floats[float64](want))
	}
	if g.TokenLosses(x, g.Const("v", make([]float64, 3), 1, 3), nil, targets, CrossEntropyConfig{}); g.Err() == nil || !strings.Contains(g.Err().Error(), `weight "v" of shape (1, 3)`) {
		t.Errorf("error %v", g.Err())
	}
}

// TestRowSumsGradient has rows of which there is one, and columns of which there is one.
func TestRowSumsGradient(t *testing.T) {
	for _, shape := range [][]int{{2, 3}, {1, 5}, {5, 1}, {2, 1, 3}} {
		checkGradient(t, []leaf{{"x", shape}}, func(g *Graph, n []*Node) *Node {
			return g.Check(gorgonia.Sum(g.Check(gorgonia.Square(g.RowSums(n[0])))))
		})
	}
	g := New(Config{})
	x := g.Input("x", tensor.Int32, 3)
	copy(Ints(x), []int32{-1, 0, 5})
	y := g.NotNegative(x)
	m, err := Compile(g, y)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	run(t, m)
	if got := Floats[float32](y); !slices.Equal(got, []float32{0, 1, 1}) {
		t.Errorf("got %v", got)
	}
}

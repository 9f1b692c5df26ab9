package layers

import (
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// causalVariants are attentions in which no token sees a later one, but for those of a
// prefix among each other.
var causalVariants = map[string]AttentionConfig{
	"plain":          {},
	"packed":         {Packed: true, Bias: true},
	"head by head":   {Packed: true, ByHead: true},
	"multi-query":    {KVHeads: 1},
	"grouped":        {KVHeads: 2},
	"window":         {Window: 3},
	"prefix":         {Prefix: 3},
	"prefix, window": {Prefix: 2, Window: 4},
	"ALiBi":          {ALiBi: true},
	"ALiBi, window":  {ALiBi: true, Window: 3},
	"soft cap":       {SoftCap: 2},
	"rotary":         {Rotary: &RotaryConfig{}},
	"YaRN":           {Rotary: &RotaryConfig{Scaling: RotaryScaling{Kind: YaRNScaling, Factor: 2, OriginalLength: 4}}},
	"norms":          {QueryKeyNorm: &NormConfig{Kind: RMSNorm, Eps: 1e-6}},
}

const causalWidth = 16

// attendTo returns the results of an attention for rows of tokens, row by row.
func attendTo(t *testing.T, a *Attention, x []float64, segments []int32) [][]float64 {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64})
	in := g.Input("x", tensor.Float64, 1, len(x)/causalWidth, causalWidth)
	copy(graph.Floats[float64](in), x)
	var pass Pass
	if segments != nil {
		pass.Segments = g.Input("segments", tensor.Int32, 1, len(segments))
		copy(graph.Ints(pass.Segments), segments)
	}
	return slices.Collect(slices.Chunk(evaluate(t, g, a.Forward(g, in, pass)), causalWidth))
}

func eachCausal(t *testing.T, test func(t *testing.T, c AttentionConfig, a *Attention)) {
	for name, c := range causalVariants {
		t.Run(name, func(t *testing.T) {
			c.Width, c.Heads, c.Causal = causalWidth, 4, true
			p := graph.NewParams(tensor.Float64, 5)
			a := NewAttention(c, p)
			if err := p.Err(); err != nil {
				t.Fatal(err)
			}
			test(t, c, a)
		})
	}
}

func TestAttentionIsCausal(t *testing.T) {
	const tokens = 8
	eachCausal(t, func(t *testing.T, c AttentionConfig, a *Attention) {
		x := make([]float64, tokens*causalWidth)
		waves(x)
		before := attendTo(t, a, x, nil)
		for at := range tokens {
			changed := slices.Clone(x)
			changed[at*causalWidth] += 1
			after := attendTo(t, a, changed, nil)
			for i := range tokens {
				same := slices.Equal(before[i], after[i])
				switch sees := i >= at || i < c.Prefix && at < c.Prefix; {
				case !sees && !same:
					t.Errorf("token %d changes token %d", at, i)
				case i == at && same:
					t.Errorf("token %d doesn't change itself", at)
				case i < at && sees && same:
					t.Errorf("token %d of the prefix doesn't change token %d", at, i)
				}
			}
		}
	})
}

// TestPackedTextsAreApart compares texts that share a row, with padding behind them, with each by itself.
func TestPackedTextsAreApart(t *testing.T) {
	const first, second, padding = 5, 4, 2
	eachCausal(t, func(t *testing.T, c AttentionConfig, a *Attention) {
		if c.Prefix > 0 {
			t.Skip("the prefix is that of a row")
		}
		x := make([]float64, (first+second+padding)*causalWidth)
		waves(x)
		packed := attendTo(t, a, x, []int32{0, 0, 0, 0, 0, 1, 1, 1, 1, -1, -1})
		alone := attendTo(t, a, x[:first*causalWidth], nil)
		alone = append(alone, attendTo(t, a, x[first*causalWidth:(first+second)*causalWidth], nil)...)
		for i := range alone {
			if d := distance(alone[i], packed[i]); !(d < 1e-14) {
				t.Errorf("token %d differs by %g", i, d)
			}
		}
	})
}

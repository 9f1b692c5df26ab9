package graph

import (
	"fmt"
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// TestCachedAttention grows two texts token by token and compares with attention over
// all of them at once.
func TestCachedAttention(t *testing.T) {
	const b, length, beginning, kv, size = 2, 9, 4, 1, 4
	for _, test := range []struct {
		name   string
		config AttentionConfig
	}{
		{"grouped", AttentionConfig{Heads: 2, KVHeads: kv}},
		{"window", AttentionConfig{Heads: 2, KVHeads: kv, Window: 3}},
		{"softcap", AttentionConfig{Heads: 2, KVHeads: kv, SoftCap: 2, Scale: 1}},
		{"ALiBi", AttentionConfig{Heads: 2, KVHeads: kv, Slopes: []float64{0.5, 0.1}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			value := func(i int) float64 { return math.Sin(float64(i * i)) }
			// inputs makes q, k and v of the positions from lo to hi.
			inputs := func(g *Graph, lo, hi int) (q, k, v *Node) {
				part := func(name string, shift, width int) *Node {
					n := g.Input(name, tensor.Float64, b, hi-lo, width)
					for i := range Floats[float64](n) {
						row, col := i/width, i%width
						text, at := row/(hi-lo), lo+row%(hi-lo)
						Floats[float64](n)[i] = value(shift + (text*length+at)*width + col)
					}
					return n
				}
				heads := test.config.Heads
				return part("q", 1, heads*size), part("k", 1000, kv*size), part("v", 2000, kv*size)
			}
			run := func(g *Graph, y *Node) []float64 {
				m, err := Compile(g, y)
				if err != nil {
					t.Fatal(err)
				}
				defer m.Close()
				if err := m.RunAll(); err != nil {
					t.Fatal(err)
				}
				return append([]float64{}, Floats[float64](y)...)
			}
			g := New(Config{DType: tensor.Float64})
			q, k, v := inputs(g, 0, length)
			causal := test.config
			causal.Causal = true
			want := run(g, g.Attention(q, k, v, causal))

			cache := NewCache(tensor.Float64, b, length+3, kv*size)
			for lo, hi := 0, beginning; hi <= length; lo, hi = hi, hi+1 {
				g := New(Config{DType: tensor.Float64})
				q, k, v := inputs(g, lo, hi)
				at := g.Input("at", tensor.Int32, b, hi-lo)
				for i := range Ints(at) {
					Ints(at)[i] = int32(lo + i%(hi-lo))
				}
				got := run(g, g.CachedAttention(q, k, v, cache, at, test.config))
				width := len(want) / b / length
				for i, y := range got {
					row, col := i/width, i%width
					text, position := row/(hi-lo), lo+row%(hi-lo)
					if w := want[(text*length+position)*width+col]; math.Abs(y-w) > 1e-12 {
						t.Fatalf("text %d, position %d: %g, expected %g", text, position, y, w)
					}
				}
			}
		})
	}
}

func TestCacheReorder(t *testing.T) {
	c := NewCache(tensor.Float32, 3, 2, 1)
	copy(c.keys.Data().([]float32), []float32{1, 2, 3, 4, 5, 6})
	c.Reorder([]int{2, 2, 0})
	if got := fmt.Sprint(c.keys.Data()); got != "[5 6 5 6 1 2]" {
		t.Errorf("keys %v", got)
	}
}

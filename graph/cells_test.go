package graph

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/tensor"
)

// TestCellAttention grows three texts in pieces of different lengths, in one trace of tokens, and compares with attention over all of each.
func TestCellAttention(t *testing.T) {
	const kv, size, tokens, width = 1, 4, 12, 8
	lengths, begins := []int{11, 5, 8}, []int{20, 3, 40}
	for name, config := range map[string]AttentionConfig{
		"grouped": {Heads: 2, KVHeads: kv},
		"window":  {Heads: 2, KVHeads: kv, Window: 3},
		"softcap": {Heads: 2, KVHeads: kv, SoftCap: 2, Scale: 1},
		"ALiBi":   {Heads: 2, KVHeads: kv, Slopes: []float64{0.5, 0.1}},
	} {
		t.Run(name, func(t *testing.T) {
			value := func(text, at, col, what int) float64 { return math.Sin(float64((text*50 + at + 1) * (col + what + 3))) }
			want := make([][]float64, len(lengths))
			for text, n := range lengths {
				g := New(Config{DType: tensor.Float64})
				part := func(name string, what, width int) *Node {
					x := g.Input(name, tensor.Float64, 1, n, width)
					for i := range Floats[float64](x) {
						Floats[float64](x)[i] = value(text, i/width, i%width, what)
					}
					return x
				}
				causal := config
				causal.Causal = true
				want[text] = computed(t, g, g.Attention(part("q", 1, width), part("k", 20, size), part("v", 30, size), causal))
			}
			g, cells, runs := New(Config{DType: tensor.Float64}), NewCells(tensor.Float64, 60, size), &TextRuns{}
			q, k, v := g.Input("q", tensor.Float64, tokens, 1, width), g.Input("k", tensor.Float64, tokens, 1, size), g.Input("v", tensor.Float64, tokens, 1, size)
			y := g.CellAttention(q, k, v, cells, runs, config)
			m, err := Compile(g, y)
			if err != nil {
				t.Fatal(err)
			}
			defer m.Close()
			known := make([]int, len(lengths))
			for step := 0; known[0] < lengths[0] || known[1] < lengths[1] || known[2] < lengths[2]; step++ {
				runs.List = runs.List[:0]
				token := 0
				for text, n := range lengths {
					count := min([]int{3, 1, 5}[(text+step)%3], n-known[text])
					if count == 0 {
						continue
					}
					runs.List = append(runs.List, TextRun{Token: token, Tokens: count, At: known[text], Cell: begins[text]})
					for i := range count {
						fill := func(x *Node, what, width int) {
							for col := range width {
								Floats[float64](x)[(token+i)*width+col] = value(text, known[text]+i, col, what)
							}
						}
						fill(q, 1, width)
						fill(k, 20, size)
						fill(v, 30, size)
					}
					token += count
					known[text] += count
				}
				if err := m.RunAll(); err != nil {
					t.Fatal(err)
				}
				text := 0
				for _, r := range runs.List {
					for begins[text] != r.Cell {
						text++
					}
					for i := range r.Tokens * width {
						if got, w := Floats[float64](y)[r.Token*width+i], want[text][r.At*width+i]; math.Abs(got-w) > 1e-12 {
							t.Fatalf("text %d, run %+v, element %d: %g, expected %g", text, r, i, got, w)
						}
					}
				}
			}
			runs.List = []TextRun{{Token: 0, Tokens: 2, At: 58, Cell: 1}}
			if err := m.RunAll(); err == nil || !strings.Contains(err.Error(), "60 cells") {
				t.Errorf("a run behind the cells: %v", err)
			}
			cells.Copy(52, begins[1], 5)
			if d := cells.keys.Data().([]float64); d[52*size] != d[begins[1]*size] || d[57*size-1] != d[(begins[1]+5)*size-1] {
				t.Error("copied cells differ")
			}
		})
	}
}

// computed runs a trace and returns a copy of y.
func computed(t *testing.T, g *Graph, y *Node) []float64 {
	t.Helper()
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

package task

import (
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// TestDirections checks that each filter of a direction is as long as the model's, that vectors stay, and that parameters come back to
// the bit.
func TestDirections(t *testing.T) {
	config, err := models.Size{Vocab: 11, Context: 8, Layers: 1, Heads: 2, Width: 8}.Config("gpt2") // whose filters are columns
	if err != nil {
		t.Fatal(err)
	}
	m, err := models.New(config, graph.NewParams(tensor.Float32, 3))
	if err != nil {
		t.Fatal(err)
	}
	before := map[string][]float32{}
	for _, p := range m.Params() {
		before[p.Name] = slices.Clone(graph.Data[float32](p))
	}
	moved, err := directions(m, 7)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range moved {
		p.set(1, 0)
	}
	length := func(x []float32, first, step, n int) float64 {
		sum := 0.0
		for i := range n {
			sum += float64(x[first+i*step]) * float64(x[first+i*step])
		}
		return math.Sqrt(sum)
	}
	matrices := 0
	for _, p := range m.Params() {
		value := graph.Data[float32](p)
		if p.Shape.Dims() == 1 {
			if !slices.Equal(value, before[p.Name]) {
				t.Errorf("%s has moved", p.Name)
			}
			continue
		}
		way := make([]float32, len(value))
		for i := range way {
			way[i] = value[i] - before[p.Name][i]
		}
		rows, cols := p.Shape[0], p.Shape[1]
		filters, size, step, next := rows, cols, 1, cols
		if p.Name != "transformer.wte.weight" && p.Name != "transformer.wpe.weight" {
			filters, size, step, next = cols, rows, cols, 1
		}
		for f := range filters {
			got, want := length(way, f*next, step, size), length(before[p.Name], f*next, step, size)
			if math.Abs(got-want) > 1e-5 {
				t.Errorf("filter %d of %s moves by %g, want its length %g", f, p.Name, got, want)
			}
		}
		matrices++
	}
	if matrices != len(moved) || matrices == 0 {
		t.Errorf("%d of %d matrices moved", len(moved), matrices)
	}
	for _, p := range moved {
		p.set(0.3, -2)
		p.set(0, 0)
	}
	for _, p := range m.Params() {
		if !slices.Equal(graph.Data[float32](p), before[p.Name]) {
			t.Errorf("%s isn't back", p.Name)
		}
	}
}

func TestLandscapeConfig(t *testing.T) {
	for _, c := range []LandscapeConfig{{}, {Points: 4, Reach: 1}, {Points: 3}, {Points: 3, Reach: math.NaN()}, {Points: 3, Reach: 1, Rows: -1}} {
		if c.Validate() == nil {
			t.Errorf("%+v is valid", c)
		}
	}
}

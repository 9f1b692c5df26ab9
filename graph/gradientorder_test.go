package graph

import (
	"slices"
	"testing"

	"gorgonia.org/tensor"
)

// TestGradientsAreFoundForGood compares what OnGradient is told with the gradients at the end of the run.
func TestGradientsAreFoundForGood(t *testing.T) {
	for _, overlap := range []bool{false, true} {
		p := newTinyParams(tensor.Float64)
		m, _, _ := compileTinyBy(t, p, 0, true, func(g *Graph, outputs ...*Node) (*Machine, error) {
			if overlap {
				g.OverlapGradients()
			}
			return Compile(g, outputs...)
		})
		found := map[*Param][]float64{}
		var order []*Param
		m.OnGradient(func(p *Param) {
			order = append(order, p)
			found[p] = slices.Clone(GradData[float64](p))
		})
		run(t, m)
		if !slices.Equal(order, m.GradientOrder()) || len(order) != len(p.tree.All()) {
			t.Errorf("overlap %v: %d gradients were found, expected those of GradientOrder, %d", overlap, len(order), len(p.tree.All()))
		}
		for p, early := range found {
			if !slices.Equal(early, GradData[float64](p)) {
				t.Errorf("overlap %v: the gradient of %s changed after it was found", overlap, p.Name)
			}
		}
		if order[0] == p.tree.All()[0] {
			t.Errorf("overlap %v: the first parameter's gradient is found first, expected that of the backward pass's order", overlap)
		}
		m.OnGradient(nil)
		run(t, m)
		m.Close()
	}
}

package models

import (
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// learned returns the loss of rows and the gradients of all parameters.
func learned(t *testing.T, m CausalLM, ids, targets, segments [][]int32) (float64, [][]float64) {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64})
	loss := m.Loss(g, layers.Batch{In: map[string]*graph.Node{
		layers.IDs: input(g, layers.IDs, ids), layers.Targets: input(g, layers.Targets, targets), layers.Segments: input(g, layers.Segments, segments),
	}}).Total
	if err := g.Grad(loss); err != nil {
		t.Fatal(err)
	}
	run(t, g, loss)
	var gradients [][]float64
	for _, p := range m.Params() {
		gradients = append(gradients, slices.Clone(p.Grad().Data().([]float64)))
	}
	return graph.Scalar(loss), gradients
}

// Documents that share a row are learned as those that have a row each: the loss and every gradient are the same.
func TestPackingDoesntChangeWhatIsLearned(t *testing.T) {
	eachDecoder(t, func(t *testing.T, m CausalLM, c goldenCase) {
		const width = 5
		var ids, targets, segments [][]int32
		packed := make([][]int32, 3)
		for d, doc := range [][]int32{c.IDs[0][:6], c.IDs[1][:4], c.IDs[0][2:5]} {
			row := [][]int32{doc[:len(doc)-1], slices.Clone(doc[1:]), slices.Repeat([]int32{0}, len(doc)-1)}
			row[1][0] = -100 // what is not to be learned is left out in both
			for i := range row {
				packed[i] = append(packed[i], row[i]...)
				row[i] = append(slices.Clone(row[i]), slices.Repeat([]int32{[]int32{0, -100, -1}[i]}, width-len(row[i]))...)
			}
			for i := range len(doc) - 1 {
				packed[2][len(packed[2])-1-i] = int32(d)
			}
			ids, targets, segments = append(ids, row[0]), append(targets, row[1]), append(segments, row[2])
		}
		packed = [][]int32{append(packed[0], 1), append(packed[1], -100), append(packed[2], -1)}
		loss, gradients := learned(t, m, ids, targets, segments)
		together, others := learned(t, m, packed[:1], packed[1:2], packed[2:])
		if d := math.Abs(loss - together); !(d <= 1e-12) {
			t.Errorf("the loss is %.15g in rows of their own and %.15g in one", loss, together)
		}
		for i, p := range m.Params() {
			worst := 0.0
			for k := range gradients[i] {
				worst = max(worst, math.Abs(gradients[i][k]-others[i][k]))
			}
			if !(worst <= 1e-12) {
				t.Errorf("%s: gradients differ by %g", p.Name, worst)
			}
		}
	})
}

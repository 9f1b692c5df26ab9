package models

import (
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// TestPackingChangesNoTokenOfEncoders runs two texts apart and side by side in a row with padding.
func TestPackingChangesNoTokenOfEncoders(t *testing.T) {
	const tolerance = 1e-12 // sums go over other blocks of keys
	for name, c := range encoderGoldens(t) {
		m := c.loadEncoder(t, tensor.Float64)
		if _, sequence := m.(*SequenceClassifier); sequence {
			continue // a row is one text there
		}
		t.Run(name, func(t *testing.T) {
			say := func(ids, types, segments []int32) []float64 {
				g := graph.New(graph.Config{DType: tensor.Float64})
				out := outputs(g, m, layers.Batch{In: map[string]*graph.Node{layers.IDs: input(g, "ids", [][]int32{ids}), layers.Types: input(g, "types", [][]int32{types}), layers.Segments: input(g, "segments", [][]int32{segments})}})
				run(t, g, out)
				return slices.Clone(graph.Floats[float64](out))
			}
			const first, second = 4, 3
			ids, types := c.IDs[0], c.Types[0]
			want := slices.Concat(say(ids[:first], types[:first], make([]int32, first)), say(ids[first:first+second], types[first:first+second], make([]int32, second)))
			got := say(ids, types, []int32{0, 0, 0, 0, 1, 1, 1, -1, -1})[:len(want)]
			if d := apart([][]float64{want}, [][]float64{got}); !(d <= tolerance) {
				t.Errorf("packing changes what is said of a token by %g", d)
			}
			if together := say(ids, types, make([]int32, len(ids)))[:len(want)]; apart([][]float64{want}, [][]float64{together}) == 0 {
				t.Error("other texts change nothing even where they aren't told apart")
			}
		})
	}
}

package models

import (
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// eachDecoder runs a test on every causal model of the goldens.
func eachDecoder(t *testing.T, test func(t *testing.T, m CausalLM, c goldenCase)) {
	for _, golden := range goldens {
		c := readGolden(t, golden.name)
		if m, ok := c.load(t, tensor.Float64).(CausalLM); ok {
			t.Run(golden.name, func(t *testing.T) { test(t, m, c) })
		}
	}
}

// scores returns the logits of rows, one slice for each token.
func scores(t *testing.T, m CausalLM, rows, segments [][]int32) [][]float64 {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64})
	var s *graph.Node
	if segments != nil {
		s = input(g, "segments", segments)
	}
	logits := m.Logits(g, input(g, "ids", rows), s)
	run(t, g, logits)
	return slices.Collect(slices.Chunk(graph.Floats[float64](logits), m.VocabSize()))
}

// apart is the largest difference of two lists of logits.
func apart(a, b [][]float64) float64 {
	worst := 0.0
	for i := range a {
		for k := range a[i] {
			worst = max(worst, math.Abs(a[i][k]-b[i][k]))
		}
	}
	return worst
}

func TestLaterTokensDontChangeEarlierLogits(t *testing.T) {
	eachDecoder(t, func(t *testing.T, m CausalLM, c goldenCase) {
		row := c.IDs[0]
		before := scores(t, m, [][]int32{row}, nil)
		for at := range row {
			changed := slices.Clone(row)
			changed[at] = (changed[at] + 1) % int32(m.VocabSize())
			after := scores(t, m, [][]int32{changed}, nil)
			if d := apart(before[:at], after[:at]); d != 0 {
				t.Errorf("token %d changes earlier logits by %g", at, d)
			}
			if d := apart(before[at:at+1], after[at:at+1]); d == 0 {
				t.Errorf("token %d doesn't change its own logits", at)
			}
		}
	})
}

func TestPackingAndPaddingDontChangeLogits(t *testing.T) {
	const tolerance = 1e-12 // positions of rotary embeddings are others in a packed row
	eachDecoder(t, func(t *testing.T, m CausalLM, c goldenCase) {
		first, second := c.IDs[0][:4], c.IDs[1][:3]
		want := append(scores(t, m, [][]int32{first}, nil), scores(t, m, [][]int32{second}, nil)...)
		packed := append(slices.Clone(first), second...)
		packed = append(packed, 1, 2)
		segments := []int32{0, 0, 0, 0, 1, 1, 1, -1, -1}
		got := scores(t, m, [][]int32{packed}, [][]int32{segments})
		if d := apart(want, got[:len(want)]); !(d <= tolerance) {
			t.Errorf("packing changes logits by %g", d)
		}
	})
}

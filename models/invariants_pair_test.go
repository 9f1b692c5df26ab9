package models

import (
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// eachPair runs a test on every encoder-decoder of the goldens.
func eachPair(t *testing.T, test func(t *testing.T, m Seq2Seq, c goldenCase)) {
	for _, golden := range goldens {
		c := readGolden(t, golden.name)
		if m, ok := c.load(t, tensor.Float64).(Seq2Seq); ok {
			t.Run(golden.name, func(t *testing.T) { test(t, m, c) })
		}
	}
}

// pairScores returns the logits of a text about a source, one slice for each token.
func pairScores(t *testing.T, m Seq2Seq, source, sourceSegments, ids, segments []int32) [][]float64 {
	t.Helper()
	g := graph.New(graph.Config{DType: tensor.Float64})
	node := func(name string, values []int32) *graph.Node {
		if values == nil {
			return nil
		}
		return input(g, name, [][]int32{values})
	}
	pass := layers.Pass{Segments: node("segments", segments), EncodedSegments: node("source segments", sourceSegments)}
	pass.Encoded = m.Encode(g, node("source", source), pass.EncodedSegments)
	logits := m.Head(g, m.Hidden(g, node("ids", ids), pass))
	run(t, g, logits)
	return slices.Collect(slices.Chunk(graph.Floats[float64](logits), m.VocabSize()))
}

func TestLaterTokensDontChangeEarlierLogitsOfPairs(t *testing.T) {
	eachPair(t, func(t *testing.T, m Seq2Seq, c goldenCase) {
		source, row := c.Source[0], c.IDs[0]
		before := pairScores(t, m, source, nil, row, nil)
		for at := range row {
			changed := slices.Clone(row)
			changed[at] = (changed[at] + 1) % int32(m.VocabSize())
			after := pairScores(t, m, source, nil, changed, nil)
			if d := apart(before[:at], after[:at]); d != 0 {
				t.Errorf("token %d changes earlier logits by %g", at, d)
			}
			if d := apart(before[at:at+1], after[at:at+1]); d == 0 {
				t.Errorf("token %d doesn't change its own logits", at)
			}
		}
		for at := range source {
			changed := slices.Clone(source)
			changed[at] = (changed[at] + 1) % int32(m.VocabSize())
			if d := apart(before[:1], pairScores(t, m, changed, nil, row, nil)[:1]); d == 0 {
				t.Errorf("token %d of the source doesn't change the first logits", at)
			}
		}
	})
}

func TestPaddingDoesntChangeLogitsOfPairs(t *testing.T) {
	eachPair(t, func(t *testing.T, m Seq2Seq, c goldenCase) {
		source, row := c.Source[0][:5], c.IDs[0][:3]
		want := pairScores(t, m, source, nil, row, nil)
		padded := append(slices.Clone(source), 7, 3)
		got := pairScores(t, m, padded, []int32{0, 0, 0, 0, 0, -1, -1}, append(slices.Clone(row), 9, 9), []int32{0, 0, 0, -1, -1})
		if d := apart(want, got[:len(want)]); !(d <= 1e-12) {
			t.Errorf("padding changes logits by %g", d)
		}
		if unmasked := pairScores(t, m, padded, nil, row, nil); apart(want, unmasked) == 0 {
			t.Error("the source's padding changes nothing even where it isn't marked")
		}
	})
}

package kernels

import (
	"math"
	"testing"
)

func testAttentionWeights[T Float](t *testing.T, tolerance float64) {
	for _, test := range attentionCases {
		t.Run(test.name, func(t *testing.T) {
			d := newAttentionData[T](test)
			c := d.config
			got := make([]T, c.Batch*c.Heads*c.Queries*c.Keys)
			NewAttention[T](c).Weights(got, d.q, d.k, AttentionMask[T]{Segments: d.segments, Bias: d.bias})
			naive := naiveAttention{AttentionConfig: c, segments: d.segments, bias: widen(d.bias), q: widen(d.q), k: widen(d.k), v: widen(d.v)}
			naive.eachRow(func(b, h, i int, p, _ []float64, _ float64) {
				row := got[((b*c.Heads+h)*c.Queries+i)*c.Keys:][:c.Keys]
				for j, want := range p {
					if !(math.Abs(float64(row[j])-want) <= tolerance) {
						t.Fatalf("weight of key %d for query %d of head %d of text %d is %g, want %g", j, i, h, b, row[j], want)
					}
				}
			})
		})
	}
}

func TestAttentionWeights(t *testing.T) {
	t.Run("float32", func(t *testing.T) { testAttentionWeights[float32](t, 1e-5) })
	t.Run("float64", func(t *testing.T) { testAttentionWeights[float64](t, 1e-13) })
}

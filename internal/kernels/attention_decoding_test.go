package kernels

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDecoding compares with attention by its definition, and each text alone with all of them, bit by bit.
func TestDecoding(t *testing.T) {
	for _, c := range []AttentionConfig{
		{Heads: 4, KVHeads: 2, HeadSize: 64},
		{Heads: 3, KVHeads: 3, HeadSize: 16},
		{Heads: 8, KVHeads: 1, HeadSize: 80, Window: 5},
		{Heads: 6, KVHeads: 2, HeadSize: 12, SoftCap: 3},
		{Heads: 2, KVHeads: 1, HeadSize: 32, Slopes: []float64{0.5, 0.1}},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			testDecoding[float64](t, c, 1e-12)
			testDecoding[float32](t, c, 3e-6)
		})
	}
}

func testDecoding[T Float](t *testing.T, c AttentionConfig, tolerance float64) {
	const rows, guard = 7, 3
	width, kvWidth := c.Heads*c.HeadSize, c.KVHeads*c.HeadSize
	c.Scale, c.QStride, c.OStride, c.KStride, c.VStride = 1/math.Sqrt(float64(c.HeadSize)), width+guard, width, kvWidth, kvWidth
	texts := []DecodingText{{Query: 4, Key: 10, Keys: 1}, {Query: 0, Key: 11, Keys: 33}, {Query: 2, Key: 90, Keys: 300}, {Query: 6, Key: 50, Keys: 17}}
	r := rand.New(rand.NewPCG(1, 2))
	fill := func(n int) []T {
		x := make([]T, n)
		for i := range x {
			x[i] = T(r.NormFloat64())
		}
		return x
	}
	q, k, v := fill(rows*c.QStride), fill(400*kvWidth), fill(400*kvWidth)
	d := NewDecoding[T](c)
	out := make([]T, rows*width)
	Fill(out, 7)
	d.Forward(out, q, k, v, texts)
	for _, text := range texts {
		alone := make([]T, rows*width)
		d.Forward(alone, q, k, v, []DecodingText{text})
		row := out[text.Query*width:][:width]
		if !slices.Equal(row, alone[text.Query*width:][:width]) {
			t.Errorf("%+v: other bits alone than beside others", text)
		}
		n := naiveAttention{AttentionConfig: c}
		n.Batch, n.Queries, n.Keys, n.Causal = 1, 1, text.Keys, true
		wide := func(x []T) []float64 {
			y := make([]float64, len(x))
			for i := range x {
				y[i] = float64(x[i])
			}
			return y
		}
		n.q, n.k, n.v = wide(q[text.Query*c.QStride:]), wide(k[text.Key*kvWidth:]), wide(v[text.Key*kvWidth:])
		want := make([]float64, width)
		n.forward(want, make([]float64, c.Heads))
		for i, y := range row {
			if math.Abs(float64(y)-want[i]) > tolerance {
				t.Fatalf("%+v: element %d is %g, expected %g", text, i, y, want[i])
			}
		}
	}
	for i, y := range out[width : 2*width] {
		if y != 7 {
			t.Fatalf("element %d of a row of no text was written", i)
		}
	}
}

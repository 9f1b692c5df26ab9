package kernels

import (
	"fmt"
	"testing"
)

// reportRate reports a number of operations for each iteration as a rate and a fraction of
// peak, which was measured just before.
func reportRate(b *testing.B, flops, peak float64) {
	rate := flops * float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(rate/1e9, "GFLOP/s")
	b.ReportMetric(100*rate/peak, "%peak")
}

// BenchmarkAttention counts the products on the half of the scores that is seen.
func BenchmarkAttention(b *testing.B) {
	shapes := []AttentionConfig{
		{Batch: 12, Queries: 64, Keys: 64, Heads: 4, KVHeads: 4, HeadSize: 32},
		{Batch: 16, Queries: 256, Keys: 256, Heads: 6, KVHeads: 6, HeadSize: 64},
		{Batch: 1, Queries: 1024, Keys: 1024, Heads: 12, KVHeads: 12, HeadSize: 64},
		{Batch: 1, Queries: 4096, Keys: 4096, Heads: 2, KVHeads: 2, HeadSize: 64},
		{Batch: 1, Queries: 8192, Keys: 8192, Heads: 2, KVHeads: 2, HeadSize: 64},
	}
	for _, c := range shapes {
		c.Causal = true
		flops := 2 * float64(c.Batch*c.Heads*c.HeadSize) * float64(c.Queries) * float64(c.Keys)
		b.Run(fmt.Sprintf("B%d_T%d_H%d_K%d", c.Batch, c.Queries, c.Heads, c.HeadSize), func(b *testing.B) {
			d := newAttentionData[float32](attentionCase{config: c, packed: true})
			a := newTrained[float32](d.config)
			forward := func() { a.Forward(d.out, d.lse, d.q, d.k, d.v, AttentionMask[float32]{}) }
			backward := func() {
				a.Backward(d.dq, d.dk, d.dv, nil, d.dout, d.out, d.lse, d.q, d.k, d.v, AttentionMask[float32]{})
			}
			forward()
			b.Run("forward", func(b *testing.B) {
				peak := Peak()
				for b.Loop() {
					forward()
				}
				reportRate(b, flops, peak)
			})
			b.Run("backward", func(b *testing.B) {
				peak := Peak()
				for b.Loop() {
					backward()
				}
				reportRate(b, 2.5*flops, peak)
			})
		})
	}
}

// BenchmarkAttentionOfOneQuery reads a cache of keys and values.
func BenchmarkAttentionOfOneQuery(b *testing.B) {
	for _, c := range []AttentionConfig{
		{Batch: 1, Queries: 1, Keys: 1024, Heads: 12, KVHeads: 12, HeadSize: 64, Causal: true},
		{Batch: 1, Queries: 1, Keys: 1024, Heads: 9, KVHeads: 3, HeadSize: 64, Causal: true},
	} {
		b.Run(fmt.Sprintf("S%d_H%d_of_%d", c.Keys, c.Heads, c.KVHeads), func(b *testing.B) {
			d := newAttentionData[float32](attentionCase{config: c})
			a := newTrained[float32](d.config)
			b.SetBytes(8 * int64(c.Keys*c.KVHeads*c.HeadSize))
			for b.Loop() {
				a.Forward(d.out, nil, d.q, d.k, d.v, AttentionMask[float32]{})
			}
		})
	}
}

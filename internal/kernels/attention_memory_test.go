package kernels

import (
	"math"
	"testing"

	"github.com/seahorse-ml/seahorse/internal/parallel"
)

// poison fills working memory of n elements with NaN.
func poison[T Float](n int) {
	stock := scratchOf[T]()
	held := stock.borrow(nil, parallel.Workers(), n)
	for _, memory := range held {
		Fill(memory, T(math.NaN()))
	}
	stock.give(held)
}

// TestAttentionMemoryIsLinear holds the working memory for twice as many tokens to twice as much, from where
// the backward pass is split into as many chunks as it may be.
func TestAttentionMemoryIsLinear(t *testing.T) {
	elements := func(tokens int, causal bool) int {
		c := AttentionConfig{Batch: 1, Queries: tokens, Keys: tokens, Heads: 2, KVHeads: 2, HeadSize: 64, Causal: causal}
		a := NewAttention[float32](c)
		return c.PartialElements() + parallel.Workers()*(a.forwardScratch()+a.backwardScratch())
	}
	for _, causal := range []bool{true, false} {
		for _, tokens := range []int{2048, 4096, 8192} {
			if once, twice := elements(tokens, causal), elements(2*tokens, causal); twice > 2*once {
				t.Errorf("causal %v: %d elements for %d tokens, %d for twice as many", causal, once, tokens, twice)
			}
		}
	}
}

func TestAttentionAllocatesNothing(t *testing.T) {
	for _, test := range attentionCases {
		d := newAttentionData[float32](test)
		a := newTrained[float32](d.config)
		m := AttentionMask[float32]{Segments: d.segments, Bias: d.bias}
		n := testing.AllocsPerRun(20, func() { // the runtime allocates now and then for workers that go to sleep
			a.Forward(d.out, d.lse, d.q, d.k, d.v, m)
			a.Backward(d.dq, d.dk, d.dv, d.dbias, d.dout, d.out, d.lse, d.q, d.k, d.v, m)
		})
		if n > 0 {
			t.Errorf("%s: %g allocations", test.name, n)
		}
	}
}

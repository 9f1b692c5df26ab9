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

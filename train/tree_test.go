package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/optim"
	"gorgonia.org/tensor"
)

// keeper is an optimizer that keeps the gradients that it gets, and changes nothing.
type keeper struct {
	optim.Optimizer
	params []*graph.Param
	grads  []float32
}

func (k *keeper) Step(float64) (float64, error) {
	k.grads = nil
	for _, p := range k.params {
		k.grads = append(k.grads, graph.GradData[float32](p)...)
	}
	return 1, nil
}

// TestAccumulationIsATree compares the gradients of steps of several micro-batches with those of the single ones, added up in plain Go.
func TestAccumulationIsATree(t *testing.T) {
	d := testConfig(t).Train
	gradients := func(accumulation int, fill func(b *data.Batch, i int)) []float32 {
		k := &keeper{}
		s, err := NewStepper(newTestModel(t, tensor.Float32, 0), StepperConfig{
			Rows: 2, Layout: d.Layout(), Accumulation: accumulation, Optimizer: func(params []*graph.Param) (o optim.Optimizer, err error) {
				k.params = params
				k.Optimizer, err = DefaultOptimizer(params)
				return k, err
			}})
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		for range 2 { // the second time with what the first has left in memory
			for i, b := range s.Batches() {
				fill(b, i)
			}
			if _, err := s.Step(context.Background(), 0); err != nil {
				t.Fatal(err)
			}
		}
		return k.grads
	}
	fill := func(b *data.Batch, i int) {
		if err := data.FillSequential(b, d, 2*i); err != nil {
			t.Fatal(err)
		}
	}
	for _, n := range []int{2, 3, 4, 7} {
		var single [][]float32 // of steps in which the other micro-batches' targets are ignored and counted all the same
		for i := range n {
			single = append(single, gradients(n, func(b *data.Batch, k int) {
				fill(b, k)
				if k != i {
					for j := range b.Ints(data.Targets) {
						b.Ints(data.Targets)[j] = data.Ignored
					}
				}
			}))
		}
		var sum func(n, first int) []float32
		sum = func(n, first int) []float32 {
			if n == 1 {
				return single[first]
			}
			p := 1
			for 2*p < n {
				p *= 2
			}
			left, right := sum(p, first), sum(n-p, first+p)
			total := make([]float32, len(left))
			for i := range total {
				total[i] = left[i] + right[i]
			}
			return total
		}
		want, got := sum(n, 0), gradients(n, fill)
		if !slices.EqualFunc(got, want, func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) || a == 0 && b == 0 }) {
			t.Errorf("%d micro-batches: the gradients aren't the sums of the tree", n)
		}
	}
}

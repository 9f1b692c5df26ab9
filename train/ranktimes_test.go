package train

import (
	"context"
	"errors"
	"math"
	"testing"

	"gorgonia.org/tensor"
)

// TestEstimateOnRanks compares what a run is estimated to take on several ranks with what it takes.
func TestEstimateOnRanks(t *testing.T) {
	for _, n := range []int{2, 3, 4} {
		for _, sharded := range []bool{false, true} {
			c := testConfig(t)
			c.Accumulation, c.ShardOptimizer, c.Ranks = 3, sharded, PlannedRanks(n)
			want, err := EstimateMemory(newTestModel(t, tensor.Float32, 0), c)
			if err != nil {
				t.Fatal(err)
			}
			most := make([]MemoryUse, n)
			errs := onRanks(n, func(r Ranks) error {
				c := c
				c.Ranks = r
				tr, err := New(newTestModel(t, tensor.Float32, 0), c)
				if err != nil {
					return err
				}
				defer tr.Close()
				most[r.Rank()] = tr.Memory()
				return nil
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			gradients, state := 0, 0
			for _, use := range most {
				gradients, state = max(gradients, use.Steps.Gradients), state+use.Optimizer
			}
			state /= n
			if gradients != want.Steps.Gradients || math.Abs(float64(state-want.Optimizer)) > 8 {
				t.Errorf("%d ranks, sharded %v: gradients take %d bytes and the optimizer %d, estimated were %d and %d", n, sharded, gradients, state, want.Steps.Gradients, want.Optimizer)
			}
		}
	}
}

// TestTogether looks at the model of times: exchange that fits behind a pass costs little, more costs what is left, and the speed that is told is
// the one at which the efficiency is reached.
func TestTogether(t *testing.T) {
	c := testConfig(t)
	c.Accumulation = 2
	times, err := MeasureTimes(context.Background(), newTestModel(t, tensor.Float32, 0), c, 0.01)
	if err != nil {
		t.Fatal(err)
	}
	if times.Update <= 0 || times.Update >= times.Step || len(times.params) == 0 || !times.sharder {
		t.Fatalf("times %+v", times)
	}
	times.Step, times.Update = 2.1, 0.1
	if got := times.Together(c, 1).Step(Network{1, 1}); got != 2.1 {
		t.Errorf("a step on one rank takes %v s, expected 2.1", got)
	}
	for _, sharded := range []bool{false, true} {
		c.ShardOptimizer = sharded
		together := times.Together(c, 4)
		update := 0.1
		if sharded {
			update /= 4
		}
		fast := together.Step(Network{1e12, 0})
		if fast < 2+update || fast > 2+update+0.01 {
			t.Errorf("sharded %v: a step over a network of no end takes %v s, expected little more than %v", sharded, fast, 2+update)
		}
		slow := float64(together.Sent) / 100 // seconds that a network takes for all
		got := together.Step(Network{float64(together.Sent) / slow, 0})
		if least, most := 2+update+slow-1, 2+update+slow; got < least || got > most+0.01 {
			t.Errorf("sharded %v: a step over a slow network takes %v s, expected %v to %v", sharded, got, least, most)
		}
		speed := together.Speed(0.9, 1e-4)
		if e := together.Efficiency(Network{speed, 1e-4}); math.Abs(e-0.9) > 1e-6 {
			t.Errorf("sharded %v: the efficiency at %v bytes a second is %v, expected 0.9", sharded, speed, e)
		}
		if s := together.Speed(0.9, 10); !math.IsInf(s, 1) {
			t.Errorf("sharded %v: %v bytes a second make up for a latency of 10 s", sharded, s)
		}
	}
}

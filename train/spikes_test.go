package train

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// TestSpikeRule finds the leaps in noise that falls, and none in noise alone.
func TestSpikeRule(t *testing.T) {
	for _, noise := range []float64{0, 0.01, 0.1} {
		r := &Recent{}
		random := rand.New(rand.NewPCG(1, 2))
		var found []int
		for step := 1; step <= 2000; step++ {
			s := Spike{Step: step, Loss: 2 + 3/(1+float64(step)/50) + noise*random.NormFloat64(), GradNorm: 1 + noise*random.NormFloat64()}
			switch step {
			case 10, 500, 503, 1500:
				s.Loss *= 1.6
			case 700:
				s.GradNorm *= 5
			}
			if r.look(&s); len(s.Leaps) > 0 {
				found = append(found, step)
			}
		}
		if !slices.Equal(found, []int{500, 503, 700, 1500}) {
			t.Errorf("noise of %g: steps %v leap", noise, found)
		}
	}
}

// TestSpikeWindow keeps the last steps only, and allocates nothing by the step.
func TestSpikeWindow(t *testing.T) {
	r := &Recent{Losses: make([]float64, 0, spikeWindow), Norms: make([]float64, 0, spikeWindow)}
	step := 0
	allocated := testing.AllocsPerRun(200, func() {
		step++
		r.look(&Spike{Loss: float64(step)})
	})
	if len(r.Losses) != spikeWindow || r.Losses[spikeWindow-1] != float64(step) || r.Losses[0] != float64(step-spikeWindow+1) {
		t.Errorf("the window is %v after %d steps", r.Losses, step)
	}
	if allocated > 0.1 {
		t.Errorf("%g allocations a step", allocated)
	}
}

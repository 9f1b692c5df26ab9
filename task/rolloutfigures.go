package task

import (
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/prefer"
	"github.com/seahorse-ml/seahorse/reward"
	"github.com/seahorse-ml/seahorse/train"
)

// tell returns the figures of a round, by trl's names.
func (r *rollouts) tell(samples []reward.Sample, sums []float64, by [][]float64, s prefer.Standing) train.Figures {
	f := addFigure(nil, "reward", meanOf(sums))
	f = addFigure(f, "reward_std", meanOf(s.Deviations))
	f = addFigure(f, "frac_reward_zero_std", s.Flat)
	for i, name := range r.objective.Rewards.Names() {
		f = addFigure(f, "rewards/"+name+"/mean", meanOf(by[i]))
	}
	var lengths []float64
	ended := 0.0
	for _, x := range samples {
		lengths = append(lengths, float64(x.Tokens))
		if x.Ended {
			ended++
		}
	}
	f = addFigure(f, "completions/mean_length", meanOf(lengths))
	f = addFigure(f, "completions/max_length", slices.Max(lengths))
	return addFigure(f, "completions/clipped_ratio", 1-ended/float64(len(samples)))
}

// addFigure adds a figure that is a number.
func addFigure(f train.Figures, name string, v float64) train.Figures {
	if math.IsNaN(v) {
		return f
	}
	return append(f, train.Figure{Name: name, Value: v})
}

// meanOf returns the mean of those values that are numbers, no number where none is.
func meanOf(values []float64) float64 {
	sum, n := 0.0, 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			sum += v
			n++
		}
	}
	return sum / n
}

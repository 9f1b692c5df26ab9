package prefer

import (
	"fmt"
	"math"
)

// Scaling is what advantages are divided by.
type Scaling string

// The scalings, by trl's names.
const (
	ScaleGroup Scaling = "group" // the standard deviation of the rewards of the group
	ScaleBatch Scaling = "batch" // that of all rewards
	ScaleNone  Scaling = "none"  // nothing
)

// Standing is what a group's samples came to.
type Standing struct {
	Advantages []float64 // of all samples
	Deviations []float64 // standard deviations that belong to them, by group or, with ScaleBatch, of all
	Flat       float64   // share of samples whose group, or batch, has the same reward throughout
}

// Advantages returns by how much samples are better than the mean of their group of so many, one after the other, as trl finds it: over the
// standard deviation (of n - 1) + 1e-4, unless the scaling is none. A reward that is no number makes an advantage of 0 and doesn't count for the others.
func Advantages(rewards []float64, group int, scaling Scaling) (Standing, error) {
	if group < 1 || len(rewards) == 0 || len(rewards)%group != 0 {
		return Standing{}, fmt.Errorf("prefer: advantages: %d rewards in groups of %d", len(rewards), group)
	}
	if scaling != ScaleGroup && scaling != ScaleBatch && scaling != ScaleNone {
		return Standing{}, fmt.Errorf("prefer: advantages: scaling %q, expected %s, %s or %s", scaling, ScaleGroup, ScaleBatch, ScaleNone)
	}
	const epsilon, flat = 1e-4, 1e-8
	s := Standing{Advantages: make([]float64, len(rewards)), Deviations: make([]float64, len(rewards))}
	_, whole := spreadOf(rewards)
	for first := 0; first < len(rewards); first += group {
		mean, deviation := spreadOf(rewards[first : first+group])
		if scaling == ScaleBatch {
			deviation = whole
		}
		for i := first; i < first+group; i++ {
			s.Deviations[i] = deviation
			if math.Abs(deviation) <= flat {
				s.Flat += 1 / float64(len(rewards))
			}
			v := rewards[i] - mean
			if scaling != ScaleNone {
				v /= deviation + epsilon
			}
			if !math.IsNaN(v) {
				s.Advantages[i] = v
			}
		}
	}
	return s, nil
}

// spreadOf returns the mean of the values that are numbers and their standard deviation: 0 of a single value, no number where several have fewer
// than two numbers among them.
func spreadOf(values []float64) (mean, deviation float64) {
	n := 0.0
	for _, v := range values {
		if !math.IsNaN(v) {
			mean += v
			n++
		}
	}
	mean /= n
	if len(values) < 2 {
		return mean, 0
	}
	for _, v := range values {
		if !math.IsNaN(v) {
			deviation += (v - mean) * (v - mean)
		}
	}
	return mean, math.Sqrt(deviation / (n - 1))
}

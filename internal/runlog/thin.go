package runlog

import "math"

// Thin returns at most so many points of a series, > 3, that show its extent: the first and the last, and of each stretch between the lowest and
// the highest. A series with no more points is returned as it is.
func (s *Series) Thin(most int) *Series {
	n := len(s.Steps)
	if n <= most {
		return s
	}
	out := &Series{Name: s.Name}
	out.take(s, 0)
	stretches := (most - 2) / 2
	for i := range stretches {
		lo, hi := 1+i*(n-2)/stretches, 1+(i+1)*(n-2)/stretches
		low, high := lo, lo
		for j := lo; j < hi; j++ {
			if s.Values[j] < s.Values[low] {
				low = j
			}
			if s.Values[j] > s.Values[high] {
				high = j
			}
		}
		out.take(s, min(low, high))
		if low != high {
			out.take(s, max(low, high))
		}
	}
	out.take(s, n-1)
	return out
}

// Every returns at most so many points of a series, > 1, at even distances, the last among them.
func (s *Series) Every(most int) *Series {
	n := len(s.Steps)
	if n <= most {
		return s
	}
	out := &Series{Name: s.Name}
	for i := range most {
		out.take(s, i*(n-1)/(most-1))
	}
	return out
}

func (s *Series) take(from *Series, i int) {
	s.Steps, s.Values = append(s.Steps, from.Steps[i]), append(s.Values, from.Values[i])
}

// Smooth returns the exponential mean of a series, in which a point counts half as much as one that is a hundredth of the points younger, and
// the first points don't count for more than their share.
func (s *Series) Smooth() *Series {
	keep := math.Exp2(-1 / math.Max(1, float64(len(s.Values))/100))
	out := &Series{Name: s.Name, Steps: s.Steps, Values: make([]float64, len(s.Values))}
	mean, weight := 0.0, 0.0
	for i, v := range s.Values {
		mean = keep*mean + (1-keep)*v
		weight = keep*weight + 1 - keep
		out.Values[i] = mean / weight
	}
	return out
}

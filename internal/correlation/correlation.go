// Package correlation tells how much two lists of numbers go together.
package correlation

import (
	"cmp"
	"math"
	"slices"
)

// Spearman returns the correlation of the ranks of x and y, equal values having the mean of theirs; it is no number where one of them is constant.
func Spearman(x, y []float64) float64 { return Pearson(ranks(x), ranks(y)) }

// ranks returns the place of each number in their order.
func ranks(x []float64) []float64 {
	order := make([]int, len(x))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return cmp.Compare(x[a], x[b]) })
	r := make([]float64, len(x))
	for lo := 0; lo < len(order); {
		hi := lo
		for hi < len(order) && x[order[hi]] == x[order[lo]] {
			hi++
		}
		for _, i := range order[lo:hi] {
			r[i] = float64(lo+hi-1) / 2
		}
		lo = max(hi, lo+1) // NaN isn't equal to itself
	}
	return r
}

// Pearson returns the correlation of x and y; it is no number where one of them is constant.
func Pearson(x, y []float64) float64 {
	mx, my := mean(x), mean(y)
	var xy, xx, yy float64
	for i := range x {
		xy += (x[i] - mx) * (y[i] - my)
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

func mean(v []float64) float64 {
	sum := 0.0
	for _, e := range v {
		sum += e
	}
	return sum / float64(len(v))
}

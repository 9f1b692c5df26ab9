package models

import (
	"math"
	"math/bits"
)

// CountParameters returns the number of a model's parameters, or the largest int64 if it is beyond.
func CountParameters(m Model) int64 {
	var total uint64
	for _, p := range m.Params() {
		n := uint64(1)
		for _, d := range p.Shape {
			high, low := bits.Mul64(n, uint64(d))
			if high != 0 {
				return math.MaxInt64
			}
			n = low
		}
		if total += n; n > math.MaxInt64 || total > math.MaxInt64 {
			return math.MaxInt64
		}
	}
	return int64(total)
}

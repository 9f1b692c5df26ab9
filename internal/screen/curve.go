package screen

import (
	"math"
	"strings"
)

// A Curve shows how a number went as a few block characters, however often it was told. The zero value has no numbers.
type Curve struct {
	means []float64 // of stretches of each numbers, the last of which isn't full
	each  int
	last  int // numbers in the last stretch
}

// finest is how many stretches a curve keeps at most.
const finest = 64

// blocks are the heights.
var blocks = []rune("▁▂▃▄▅▆▇█")

// Add appends a number; one that isn't finite is left out.
func (c *Curve) Add(v float64) {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return
	}
	if c.each == 0 {
		c.each = 1
	}
	if n := len(c.means); n > 0 && c.last < c.each {
		c.last++
		c.means[n-1] += (v - c.means[n-1]) / float64(c.last)
		return
	}
	if len(c.means) == finest {
		for i := range finest / 2 {
			c.means[i] = (c.means[2*i] + c.means[2*i+1]) / 2
		}
		c.means, c.each = c.means[:finest/2], 2*c.each
	}
	c.means, c.last = append(c.means, v), 1
}

// String returns the curve in so many columns or fewer, "" while there are less than two numbers. Heights go by the logarithm where all numbers are
// positive, since losses fall by ever less.
func (c *Curve) String(columns int) string {
	n := len(c.means)
	if n < 2 || columns < 2 {
		return ""
	}
	columns = min(columns, n)
	heights := make([]float64, columns)
	lo, hi := math.Inf(1), math.Inf(-1)
	positive := true
	for i := range heights {
		from, to := i*n/columns, (i+1)*n/columns
		for _, v := range c.means[from:to] {
			heights[i] += v / float64(to-from)
		}
		positive = positive && heights[i] > 0
	}
	for i := range heights {
		if positive {
			heights[i] = math.Log(heights[i])
		}
		lo, hi = min(lo, heights[i]), max(hi, heights[i])
	}
	var out strings.Builder
	for _, h := range heights {
		level := 0
		if hi > lo {
			level = int(math.Round((h - lo) / (hi - lo) * float64(len(blocks)-1)))
		}
		out.WriteRune(blocks[level])
	}
	return out.String()
}

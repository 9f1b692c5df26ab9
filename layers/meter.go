package layers

import "math"

// mean is the weighted mean of one node's elements.
type mean struct{ sum, weight float64 }

// NewMean is the Meter of a mean; a single element among several weights counts as all of them.
func NewMean() Meter { return &mean{} }

func (m *mean) Add(weights []float64, values ...[]float64) {
	v := values[0]
	if len(v) == 1 && len(weights) != 1 {
		all := 0.0
		for _, w := range weights {
			all += w
		}
		if all > 0 {
			m.sum, m.weight = m.sum+all*v[0], m.weight+all
		}
		return
	}
	for i, w := range weights {
		if w != 0 { // what is ignored may be no number
			m.sum += w * v[i]
			m.weight += w
		}
	}
}

func (m *mean) Value() float64 { return m.sum / m.weight }
func (m *mean) Reset()         { *m = mean{} }

// correlations is Pearson's correlation of the columns of two nodes [n, C], the mean over the columns.
type correlations []correlation

// NewCorrelation is the Meter of a correlation between what two nodes have in rows of weight above 0, the mean over their columns where
// there are several. It is no number where one of them is constant.
func NewCorrelation() Meter { return new(correlations) }

func (c *correlations) Add(weights []float64, values ...[]float64) {
	x, y := values[0], values[1]
	cols := len(x) / len(weights)
	if *c == nil {
		*c = make(correlations, cols)
	}
	for i, w := range weights {
		if w <= 0 {
			continue
		}
		for k := range cols {
			(*c)[k].add(x[i*cols+k], y[i*cols+k])
		}
	}
}

func (c *correlations) Value() float64 {
	sum := 0.0
	for _, column := range *c {
		sum += column.pearson()
	}
	return sum / float64(len(*c))
}

func (c *correlations) Reset() { clear(*c) }

// A correlation adds up two series of numbers by their distances from the means so far, so that no digits are lost where these are
// large (Welford, 1962).
type correlation struct {
	n, meanX, meanY          float64
	squaresX, squaresY, both float64
}

func (c *correlation) add(x, y float64) {
	c.n++
	dx := x - c.meanX
	c.meanX += dx / c.n
	c.squaresX += dx * (x - c.meanX)
	dy := y - c.meanY
	c.meanY += dy / c.n
	c.squaresY += dy * (y - c.meanY)
	c.both += dx * (y - c.meanY)
}

// pearson returns the coefficient, no number where one of the series is constant.
func (c *correlation) pearson() float64 {
	return c.both / math.Sqrt(c.squaresX*c.squaresY)
}

// balance adds up how experts are used.
type balance []struct{ choices, probabilities float64 }

// NewBalance is the Meter of Balance, for the two nodes [E] of a graph.Routing.
func NewBalance() Meter { return new(balance) }

func (b *balance) Add(_ []float64, values ...[]float64) {
	if *b == nil {
		*b = make(balance, len(values[0]))
	}
	for e := range *b {
		(*b)[e].choices += values[0][e]
		(*b)[e].probabilities += values[1][e]
	}
}

func (b *balance) Value() float64 {
	sum, choices, rows := 0.0, 0.0, 0.0
	for _, e := range *b {
		sum += e.choices * e.probabilities
		choices += e.choices
		rows += e.probabilities // which of a row sum to 1
	}
	return float64(len(*b)) * sum / choices / rows
}

func (b *balance) Reset() { clear(*b) }

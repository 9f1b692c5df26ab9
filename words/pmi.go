package words

import (
	"fmt"
	"math"
)

// PMIConfig configures PMI.
type PMIConfig struct {
	// Smoothing is the power of a context's count (Levy et al., 2015: 0.75 keeps rare contexts from being too near to everything).
	Smoothing float64
	// Shift is k of the shifted form, PMI - log k, > 0; 1 shifts nothing.
	Shift float64
	// Signed keeps negative numbers; else they become 0, which makes PPMI.
	Signed bool
}

// PMI returns the pointwise mutual information log(p(w, c)/p(w)p(c)) - log k of words that are found near each other; other places stay 0.
func (m *Cooccurrence) PMI(c PMIConfig) (*Cooccurrence, error) {
	if !(c.Shift > 0) || !(c.Smoothing > 0) || math.IsInf(c.Shift, 0) || math.IsInf(c.Smoothing, 0) {
		return nil, fmt.Errorf("words: PMI: smoothing %g and shift %g, expected both above 0", c.Smoothing, c.Shift)
	}
	n := m.Vocabulary.Len()
	rows, columns := make([]float64, n), make([]float64, n)
	total, smoothed := 0.0, 0.0
	for i := range n {
		for at := m.Begin[i]; at < m.Begin[i+1]; at++ {
			rows[i] += m.Weights[at]
			columns[m.Columns[at]] += m.Weights[at]
		}
		total += rows[i]
	}
	for j := range columns {
		columns[j] = math.Pow(columns[j], c.Smoothing)
		smoothed += columns[j]
	}
	p := &Cooccurrence{Vocabulary: m.Vocabulary, Begin: make([]int, n+1)}
	shift := math.Log(c.Shift)
	for i := range n {
		for at := m.Begin[i]; at < m.Begin[i+1]; at++ {
			j := m.Columns[at]
			value := math.Log(m.Weights[at]/rows[i]*smoothed/columns[j]) - shift
			if value > 0 || c.Signed && value != 0 {
				p.Columns, p.Weights = append(p.Columns, j), append(p.Weights, value)
			}
		}
		p.Begin[i+1] = len(p.Columns)
	}
	return p, nil
}

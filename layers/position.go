package layers

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
)

// LearnedPositionConfig configures NewLearnedPosition.
type LearnedPositionConfig struct {
	Length, Width int        // P and D, > 0
	Offset        int        // row of the table that position 0 has, less than P; default 0
	Init          graph.Init // default normal(0, 0.02)
}

// LearnedPosition adds a trained vector for each position.
type LearnedPosition struct {
	Weight *graph.Param // [P, D]

	offset int
}

// NewLearnedPosition makes the parameter "weight".
func NewLearnedPosition(c LearnedPositionConfig, p *graph.Params) *LearnedPosition {
	switch {
	case c.Length <= 0 || c.Width <= 0:
		p.Fail(fmt.Errorf("layers: learned position: length %d and width %d, expected them to be positive", c.Length, c.Width))
		return &LearnedPosition{}
	case c.Offset < 0 || c.Offset >= c.Length:
		p.Fail(fmt.Errorf("layers: learned position: offset %d, expected 0 to %d", c.Offset, c.Length-1))
		return &LearnedPosition{}
	}
	return &LearnedPosition{Weight: p.New("weight", c.Init.Or(graph.Normal(0.02)), c.Length, c.Width), offset: c.Offset}
}

// Forward adds position t's vector to x[b, t], for x [B, T, D]. T must not
// exceed P less the offset.
func (l *LearnedPosition) Forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	table := g.Param(l.Weight)
	if s := l.Weight.Shape; l.offset > 0 {
		length, width := s[0], s[1]
		table = g.Slice(g.Reshape(table, 1, length*width), l.offset*width, length*width)
		table = g.Reshape(table, length-l.offset, width)
	}
	return addPositions(g, x, table, pass)
}

func addPositions(g *graph.Graph, x, table *graph.Node, pass Pass) *graph.Node {
	if at := pass.At(g); at != nil {
		return g.Add(x, g.Embedding(table, at))
	}
	return g.AddRows(x, table)
}

// SinusoidalConfig configures NewSinusoidal.
type SinusoidalConfig struct {
	Length, Width int     // P and D, > 0; D even
	Base          float64 // of the wavelengths; 0 means 10,000
}

// Sinusoidal adds sines and cosines of each position (Vaswani et al., 2017):
// element 2i of position t gets sin(t·base^(-2i/D)), element 2i+1 the cosine.
type Sinusoidal struct {
	config SinusoidalConfig
}

// NewSinusoidal makes no parameters; the tree takes its errors.
func NewSinusoidal(c SinusoidalConfig, p *graph.Params) *Sinusoidal {
	if c.Length <= 0 || c.Width <= 0 || c.Width%2 != 0 {
		p.Fail(fmt.Errorf("layers: sinusoidal: length %d and width %d, expected them to be positive and the width even", c.Length, c.Width))
	}
	if c.Base == 0 {
		c.Base = 10000
	}
	return &Sinusoidal{config: c}
}

// Forward adds position t's sinusoids to x[b, t], for x [B, T, D]. T must not
// exceed P.
func (s *Sinusoidal) Forward(g *graph.Graph, x *graph.Node, pass Pass) *graph.Node {
	c := s.config
	name := fmt.Sprintf("sinusoids of base %g, %d by %d", c.Base, c.Length, c.Width)
	table := g.Shared(name, func() *graph.Node {
		return g.Const(name, s.table(), c.Length, c.Width)
	})
	return addPositions(g, x, table, pass)
}

func (s *Sinusoidal) table() []float64 {
	c := s.config
	table := make([]float64, c.Length*c.Width)
	for t := range c.Length {
		for i := 0; i < c.Width; i += 2 {
			angle := float64(t) * math.Pow(c.Base, -float64(i)/float64(c.Width))
			table[t*c.Width+i], table[t*c.Width+i+1] = math.Sincos(angle)
		}
	}
	return table
}

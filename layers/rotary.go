package layers

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
)

// RotaryConfig configures NewRotary.
type RotaryConfig struct {
	HeadSize    int     // K, > 0
	Size        int     // elements of each head that are turned, even and at most K; 0 means K
	Base        float64 // of the wavelengths; 0 means 10,000
	Interleaved bool    // pairs are neighbours; default element i with i + Size/2
	Length      int     // positions that the model is for; needed by DynamicScaling only
	Scaling     RotaryScaling
}

// Rotary turns pairs of a head's elements by angles that grow with the
// position (Su et al., 2021), so that scores depend on distances: pair i at position t by
// t·base^(-2i/Size), or what a scaling makes of it.
type Rotary struct {
	config RotaryConfig
}

// NewRotary makes no parameters; the tree takes its errors.
func NewRotary(c RotaryConfig, p *graph.Params) *Rotary {
	if c.Size == 0 {
		c.Size = c.HeadSize
	}
	if c.Base == 0 {
		c.Base = 10000
	}
	if c.HeadSize <= 0 || c.Size <= 0 || c.Size > c.HeadSize || c.Size%2 != 0 {
		p.Fail(fmt.Errorf("layers: rotary: %d elements of heads of %d, expected an even number of them", c.Size, c.HeadSize))
	}
	if c.Base <= 1 {
		p.Fail(fmt.Errorf("layers: rotary: base %g, expected more than 1", c.Base))
	}
	if err := c.Scaling.validate(c.Length); err != nil {
		p.Fail(err)
	}
	return &Rotary{config: c}
}

// Forward turns the first heads of x [B, T, D], or all of them where heads is 0.
func (r *Rotary) Forward(g *graph.Graph, x *graph.Node, heads int, pass Pass) *graph.Node {
	c := r.config
	_, t, _ := g.Dims3(x)
	if g.Err() != nil {
		return x
	}
	length := max(t, pass.Length)
	cos, sin := r.tables(g, length)
	if pass.Positions != nil {
		cos, sin = g.Embedding(cos, pass.Positions), g.Embedding(sin, pass.Positions)
	}
	return g.Rotary(x, cos, sin, graph.RotaryConfig{HeadSize: c.HeadSize, Interleaved: c.Interleaved, Heads: heads})
}

// tables returns the cosines and sines of a trace's positions, [length, Size/2].
func (r *Rotary) tables(g *graph.Graph, length int) (cos, sin *graph.Node) {
	c := r.config
	frequencies, factor := c.Scaling.apply(c, length)
	table := func(what string, f func(float64) float64) *graph.Node {
		name := fmt.Sprintf("rotary %s of %d positions, size %d, base %g, %+v", what, length, c.Size, c.Base, c.Scaling)
		return g.Shared(name, func() *graph.Node {
			data := make([]float64, 0, length*len(frequencies))
			for t := range length {
				for _, w := range frequencies {
					data = append(data, factor*f(float64(t)*w))
				}
			}
			return g.Const(name, data, length, len(frequencies))
		})
	}
	return table("cosines", math.Cos), table("sines", math.Sin)
}

// frequencies returns the angle of each pair at position 1, without scaling.
func (c RotaryConfig) frequencies(base float64) []float64 {
	w := make([]float64, c.Size/2)
	for i := range w {
		w[i] = math.Pow(base, -2*float64(i)/float64(c.Size))
	}
	return w
}

package layers

import (
	"fmt"
	"math"

	"github.com/seahorse-ml/seahorse/graph"
)

// RotaryConfig configures NewRotary.
type RotaryConfig struct {
	HeadSize    int     // K, > 0
	Size        int     // elements of each head that are turned, at most K; an odd number turns one more; 0 means K
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
	if c.HeadSize <= 0 || c.Size <= 0 || c.Size+c.Size%2 > c.HeadSize {
		p.Fail(fmt.Errorf("layers: rotary: %d elements of heads of %d, expected at most an even number of them", c.Size, c.HeadSize))
	}
	if c.Base <= 1 {
		p.Fail(fmt.Errorf("layers: rotary: base %g, expected more than 1", c.Base))
	}
	if err := c.Scaling.validate(c.Length, (c.Size+1)/2); err != nil {
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
	if r.byText(length) && (pass.Segments != nil || pass.Positions != nil) {
		cos, sin := r.textTables(g, length, pass)
		return g.Rotary(x, cos, sin, graph.RotaryConfig{HeadSize: c.HeadSize, Interleaved: c.Interleaved, Heads: heads})
	}
	cos, sin := r.tables(g, length)
	if pass.Positions != nil {
		cos, sin = g.Embedding(cos, pass.Positions), g.Embedding(sin, pass.Positions)
	}
	return g.Rotary(x, cos, sin, graph.RotaryConfig{HeadSize: c.HeadSize, Interleaved: c.Interleaved, Heads: heads})
}

// byText tells whether texts of at most length tokens differ in their frequencies.
func (r *Rotary) byText(length int) bool {
	over, ok := r.config.over()
	return ok && length > over
}

// over returns the longest text whose frequencies are those of all shorter ones, where longer ones have others.
func (c RotaryConfig) over() (length int, ok bool) {
	switch c.Scaling.Kind {
	case DynamicScaling:
		return c.Length, true
	case LongRoPEScaling:
		return c.Scaling.OriginalLength, true
	}
	return 0, false
}

// textTables returns the cosines and sines of a pass's tokens, [B, T, Size/2], by the lengths of their texts.
func (r *Rotary) textTables(g *graph.Graph, length int, pass Pass) (cos, sin *graph.Node) {
	type key struct {
		what                         string
		segments, positions, lengths *graph.Node
	}
	once := func(what string, build func() *graph.Node) *graph.Node {
		return g.Once(key{what, pass.Segments, pass.Positions, pass.Lengths}, build)
	}
	positions := once("positions", func() *graph.Node { return pass.At(g) })
	lengths := pass.Lengths
	switch {
	case lengths != nil:
	case pass.Segments != nil:
		lengths = once("lengths", func() *graph.Node { return g.TextLengths(pass.Segments) })
	default:
		lengths = once("lengths", func() *graph.Node { return g.RowLengths(pass.Positions) })
	}
	over, _ := r.config.over()
	longest := length
	if r.config.Scaling.Kind == LongRoPEScaling {
		longest = over + 1 // as all that are longer
	}
	var sines *graph.Node
	name := fmt.Sprintf("%+v of %d", r.config, length)
	cos = once("cosines of "+name, func() *graph.Node {
		t := graph.TextRotaryConfig{Over: over}
		for n := over; n <= longest; n++ {
			var w []float64
			w, t.Factor = r.config.Scaling.apply(r.config, n)
			t.Frequencies = append(t.Frequencies, w)
		}
		var cosines *graph.Node
		cosines, sines = g.TextRotary(positions, lengths, t)
		return cosines
	})
	return cos, once("sines of "+name, func() *graph.Node { return sines })
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
	w := make([]float64, (c.Size+1)/2)
	for i := range w {
		w[i] = math.Pow(base, -2*float64(i)/float64(c.Size))
	}
	return w
}

package graph

import (
	"fmt"
	"math"

	"github.com/chewxy/hm"
	"github.com/seahorse-ml/seahorse/internal/kernels"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// TextRotaryConfig configures Graph.TextRotary.
type TextRotaryConfig struct {
	// Frequencies are the angles at position 1 of R/2 pairs, a row for each length of a text: the first for texts of at most Over
	// tokens, each of the others for one token more, the last for all longer ones too.
	Frequencies [][]float64
	Over        int
	Factor      float64 // of cosines and sines
}

// TextRotary returns tables for Rotary, [B, T, R/2] each, where frequencies depend on the lengths of texts: the cosines and sines of
// positions [B, T] int32 times the frequencies for lengths int32, [B, T] or one a row, [B].
func (g *Graph) TextRotary(positions, lengths *Node, c TextRotaryConfig) (cos, sin *Node) {
	if g.err != nil {
		return g.broken, g.broken
	}
	s, l := positions.Shape(), lengths.Shape()
	if s.Dims() != 2 || positions.Dtype() != tensor.Int32 || lengths.Dtype() != tensor.Int32 || !l.Eq(s) && !l.Eq(tensor.Shape{s[0]}) {
		n := g.Fail(fmt.Errorf("graph: text rotary: positions %v %v and lengths %v %v, expected int32 [B, T] and [B, T] or [B]", positions.Dtype(), s, lengths.Dtype(), l))
		return n, n
	}
	if len(c.Frequencies) == 0 || len(c.Frequencies[0]) == 0 {
		n := g.Fail(fmt.Errorf("graph: text rotary: no frequencies"))
		return n, n
	}
	shape := tensor.Shape{s[0], s[1], len(c.Frequencies[0])}
	table := func(name string, of func(float64) float64) *Node {
		return g.apply(name, &textRotaryOp{config: c, of: of, length: s[1], whole: l.Dims() == 1}, shape, positions, lengths)
	}
	return table("cosines by text", math.Cos), table("sines by text", math.Sin)
}

type textRotaryOp struct {
	base
	config TextRotaryConfig
	of     func(float64) float64
	length int  // T
	whole  bool // lengths are those of rows
}

func (o *textRotaryOp) lower(c *call) func() error {
	return pick(c, lowerTextRotary[float32], lowerTextRotary[float64])(o, c)
}

func lowerTextRotary[T kernels.Float](o *textRotaryOp, c *call) func() error {
	dst, positions, lengths, half := out[T](c, 0).data, c.ins[0].i32, c.ins[1].i32, len(o.config.Frequencies[0])
	const cost = 20 // of a cosine, in products
	run := spread(len(positions), rowGrain(cost*half), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			n := i
			if o.whole {
				n = i / o.length
			}
			row := min(max(int(lengths[n])-o.config.Over, 0), len(o.config.Frequencies)-1)
			for k, w := range o.config.Frequencies[row] {
				dst[i*half+k] = T(o.config.Factor * o.of(float64(positions[i])*w))
			}
		}
	})
	return func() error { run(); return nil }
}

// TextLengths returns how many tokens the text of each token has, for segments [B, T] int32 as of Positions. The result is [B, T] int32.
func (g *Graph) TextLengths(segments *Node) *Node {
	return g.lengths("text lengths", segments, func(dst, row []int32) {
		for lo := 0; lo < len(row); {
			hi := lo + 1
			for hi < len(row) && row[hi] == row[lo] {
				hi++
			}
			for i := lo; i < hi; i++ {
				dst[i] = int32(hi - lo)
			}
			lo = hi
		}
	})
}

// RowLengths returns one more than the largest position of each row, for positions [B, T] int32. The result is [B, T] int32.
func (g *Graph) RowLengths(positions *Node) *Node {
	return g.lengths("row lengths", positions, func(dst, row []int32) {
		longest := int32(0)
		for _, at := range row {
			longest = max(longest, at+1)
		}
		for i := range dst {
			dst[i] = longest
		}
	})
}

func (g *Graph) lengths(name string, x *Node, of func(dst, row []int32)) *Node {
	if g.err != nil {
		return g.broken
	}
	s := x.Shape()
	if s.Dims() != 2 || x.Dtype() != tensor.Int32 {
		return g.Fail(fmt.Errorf("graph: %s: %v %v, expected int32 [B, T]", name, x.Dtype(), s))
	}
	return g.apply(name, &lengthsOp{length: s[1], of: of}, s.Clone(), x)
}

type lengthsOp struct {
	base
	length int
	of     func(dst, row []int32)
}

func (o *lengthsOp) Type() hm.Type {
	ints := gorgonia.TensorType{Dims: 2, Of: tensor.Int32}
	return hm.NewFnType(ints, ints)
}

// Do computes the integers that base's Do, which returns the trace's type, can't.
func (o *lengthsOp) Do(values ...gorgonia.Value) (gorgonia.Value, error) {
	x, err := bufferOf(values[0])
	if err != nil {
		return nil, fmt.Errorf("graph: %s: %w", o.name, err)
	}
	result := make([]int32, len(x.i32))
	o.run(result, x.i32)
	return tensor.New(tensor.WithShape(o.shape()...), tensor.WithBacking(result)), nil
}

func (o *lengthsOp) lower(c *call) func() error {
	dst, x := c.outs[0].i32, c.ins[0].i32
	return func() error {
		o.run(dst, x)
		return nil
	}
}

func (o *lengthsOp) run(dst, x []int32) {
	for lo := 0; lo < len(x); lo += o.length {
		o.of(dst[lo:lo+o.length], x[lo:lo+o.length])
	}
}

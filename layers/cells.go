package layers

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Cells keep the keys and values of each attention of a model, for texts of any lengths that grow side by side. Traces of one model that are
// given the same cells go on with each other's texts.
type Cells struct {
	Runs graph.TextRuns // which tokens of the next run of a trace are of which text, and where its cells are

	count  int
	dtype  tensor.Dtype
	sketch bool
	parts  map[*Attention]*graph.Cells // nil ones of a sketch
	bytes  int
}

// NewCells makes room for so many tokens of all texts together. Its memory is taken as it is used.
func NewCells(dt tensor.Dtype, count int) *Cells {
	return &Cells{count: count, dtype: dt, parts: map[*Attention]*graph.Cells{}}
}

// SketchCells is NewCells without any memory; see SketchCache.
func SketchCells(dt tensor.Dtype, count int) *Cells {
	c := NewCells(dt, count)
	c.sketch = true
	return c
}

// Bytes returns the memory that the attentions which have asked for their parts take once all cells are used.
func (c *Cells) Bytes() int { return c.bytes }

// Copy makes n tokens from one cell on those that are from another on, without overlap.
func (c *Cells) Copy(to, from, n int) {
	for _, part := range c.parts {
		part.Copy(to, from, n)
	}
}

// of returns an attention's part; nil of a sketch.
func (c *Cells) of(a *Attention) *graph.Cells {
	part, ok := c.parts[a]
	if !ok {
		width := a.config.KVHeads * a.config.HeadSize
		if !c.sketch {
			part = graph.NewCells(c.dtype, c.count, width)
		}
		c.parts[a] = part
		c.bytes += 2 * c.count * width * int(c.dtype.Size())
	}
	return part
}

// attendCells is attend for tokens whose texts are in cells.
func (a *Attention) attendCells(g *graph.Graph, q, k, v *graph.Node, pass Pass, c graph.AttentionConfig) *graph.Node {
	if !a.config.Causal || pass.Positions == nil || pass.Segments != nil || pass.Bias != nil || pass.Cache != nil {
		return g.Fail(fmt.Errorf("layers: attention: cells need causal attention and positions, and take no segments, bias or cache"))
	}
	part := pass.Cells.of(a)
	if part == nil { // which takes what attention without cells does
		return g.Attention(q, k, v, c)
	}
	return g.CellAttention(q, k, v, part, &pass.Cells.Runs, c)
}

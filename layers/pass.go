package layers

import (
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// A Pass is what all layers of one forward pass are told beside the
// activations. The zero value is a batch of whole, equally long sequences.
type Pass struct {
	// Segments [B, T] int32 numbers the documents that share a row: a token sees
	// its own document only. -1 is padding. Nil means one document a row.
	Segments *graph.Node
	// Positions [B, T] int32 are the tokens' positions. Nil counts from 0 in each
	// document. With a cache they are needed.
	Positions *graph.Node
	// Length is more than all Positions; 0 means T.
	Length int
	// Lengths [B] int32 are the tokens of each row's text, where some of the row are padding that Segments don't tell of. Nil leaves
	// that to Segments or else Positions.
	Lengths *graph.Node
	// Cache keeps what attention has seen, for texts that grow; nil for none.
	Cache *Cache
	// Cells keep it in place of Cache for tokens of texts that grow side by side, each by itself; nil for none.
	Cells *Cells
	// Bias [H, T, S] is added to the scores of attention among the tokens; nil for none.
	Bias *graph.Node
	// Encoded [B, S, D] is what cross attention looks at. Nil with a cache means what
	// an earlier pass looked at.
	Encoded *graph.Node
	// EncodedSegments [B, S] int32 marks padding of it with -1; nil for none.
	EncodedSegments *graph.Node
	// Routed is told the scores [B, T, E] of each mixture of experts' router; see
	// graph.RouteBalance. Nil leaves them out.
	Routed func(scores *graph.Node)
}

// At returns the positions of the tokens, or nil where they are 0, 1, … in every row.
func (p Pass) At(g *graph.Graph) *graph.Node {
	if p.Positions == nil && p.Segments != nil {
		return g.Positions(p.Segments)
	}
	return p.Positions
}

// A Cache keeps the keys and values of each attention of a model. Traces of one
// model that are given the same cache go on with each other's texts.
type Cache struct {
	batch, length int
	dtype         tensor.Dtype
	sketch        bool
	parts         map[*Attention]*graph.Cache // nil ones of a sketch
	bytes         int
}

// NewCache makes a cache for B texts of at most length positions. Its memory is
// taken as the attentions of a model ask for their parts.
func NewCache(dt tensor.Dtype, batch, length int) *Cache {
	return &Cache{batch: batch, length: length, dtype: dt, parts: map[*Attention]*graph.Cache{}}
}

// SketchCache is NewCache without any memory: it finds out how much a cache takes, and what
// the traces that are given it take, which can't run.
func SketchCache(dt tensor.Dtype, batch, length int) *Cache {
	c := NewCache(dt, batch, length)
	c.sketch = true
	return c
}

// Bytes returns the memory of the parts that attentions have asked for.
func (c *Cache) Bytes() int { return c.bytes }

// of returns an attention's part, for its own texts or for another sequence of some length; nil of a sketch.
func (c *Cache) of(a *Attention, length int) *graph.Cache {
	part, ok := c.parts[a]
	if !ok {
		width := a.config.KVHeads * a.config.HeadSize
		if !c.sketch {
			part = graph.NewCache(c.dtype, c.batch, length, width)
		}
		c.parts[a] = part
		c.bytes += 2 * c.batch * length * width * int(c.dtype.Size())
	}
	return part
}

// Reorder makes text i what text rows[i] was.
func (c *Cache) Reorder(rows []int) {
	for _, part := range c.parts {
		part.Reorder(rows)
	}
}

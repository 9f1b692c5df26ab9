package layers

import "github.com/seahorse-ml/seahorse/graph"

// A Pass is what all layers of one forward pass are told beside the
// activations. The zero value is a batch of whole, equally long sequences.
type Pass struct {
	// Segments [B, T] int32 numbers the documents that share a row: a token sees
	// its own document only. -1 is padding. Nil means one document a row.
	Segments *graph.Node
	// Positions [B, T] int32 are the tokens' positions. Nil counts from 0 in each
	// document.
	Positions *graph.Node
}

// At returns the positions of the tokens, or nil where they are 0, 1, … in every row.
func (p Pass) At(g *graph.Graph) *graph.Node {
	if p.Positions == nil && p.Segments != nil {
		return g.Positions(p.Segments)
	}
	return p.Positions
}

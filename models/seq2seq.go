package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Seq2Seq is a model that writes a text about another one: an encoder reads the
// source, a decoder predicts each token from those before it and from what the encoder made.
// In a Batch for its Loss, IDs are the decoder's input: the start token, then the targets but
// for the last.
type Seq2Seq interface {
	Model
	// Loss returns the cross entropy of a batch, a scalar, and the loss of each
	// position [B·T], 0 where the target is ignored.
	Loss(g *graph.Graph, b Batch) (loss, rowLosses *graph.Node)
	// Encode maps source ids [B, S] int32 to the memory [B, S, D]; segments [B, S]
	// int32 mark padding with -1 and may be nil.
	Encode(g *graph.Graph, source, segments *graph.Node) *graph.Node
	// Hidden maps the decoder's ids [B, T] int32 to the states [B, T, D] that Head
	// scores; the pass has the memory and its segments.
	Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	// Head maps hidden states [..., D] to logits [..., V].
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
	// StartToken returns the id that the decoder's texts begin with.
	StartToken() int32
}

// pairLoss is the Loss of all Seq2Seq models with a language head.
func pairLoss(g *graph.Graph, m Seq2Seq, head *layers.LanguageHead, scale float64, b Batch) (loss, rowLosses *graph.Node) {
	pass := layers.Pass{Segments: b.Segments, Memory: m.Encode(g, b.Source, b.SourceSegments), MemorySegments: b.SourceSegments}
	x := g.Scale(m.Hidden(g, b.IDs, pass), scale)
	return head.Loss(g, x, b.Targets, b.crossEntropy())
}

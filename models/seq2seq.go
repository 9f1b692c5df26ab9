package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Seq2Seq is a model that writes a text about another one: an encoder reads the
// source, a decoder predicts each token from those before it and from what the encoder made.
// In a batch for its Loss, layers.IDs are the decoder's input: the start token, then the targets but
// for the last.
type Seq2Seq interface {
	Model
	// Loss returns the cross entropy of a batch of tokens with sources.
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
	// Encode maps source ids [B, S] int32 to states [B, S, D]; segments [B, S]
	// int32 mark padding with -1 and may be nil.
	Encode(g *graph.Graph, source, segments *graph.Node) *graph.Node
	// Hidden maps the decoder's ids [B, T] int32 to the states [B, T, D] that Head
	// scores; the pass has the encoded source and its segments.
	Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	// Head maps hidden states [..., D] to logits [..., V].
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
	// StartToken returns the id that the decoder's texts begin with.
	StartToken() int32
}

// pairLoss is the Loss of all Seq2Seq models with a language head.
func pairLoss(g *graph.Graph, m Seq2Seq, head *layers.LanguageHead, scale float64, b layers.Batch) layers.Loss {
	segments := b.In[layers.SourceSegments]
	pass := layers.Pass{Segments: b.In[layers.Segments], Encoded: m.Encode(g, b.Node(g, layers.SourceIDs), segments), EncodedSegments: segments}
	x := g.Scale(m.Hidden(g, b.Node(g, layers.IDs), pass), scale)
	total, each := head.Loss(g, x, b.Node(g, layers.Targets), b.CrossEntropy())
	loss := layers.TokenLoss(g, total, each)
	loss.Weights = b.In[layers.Weights]
	return loss
}

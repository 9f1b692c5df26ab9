package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// Batch holds the input nodes of a training batch.
type Batch struct {
	IDs      *graph.Node // [B, T] int32
	Targets  *graph.Node // [B, T] int32; a negative target is ignored
	Segments *graph.Node // [B, T] int32, documents packed into one row, -1 for padding; nil for one document a row
	Scale    *graph.Node // [1], what the sum of the losses is multiplied by; nil for the mean

	// Models that write about another text read it here.
	Source         *graph.Node // [B, S] int32
	SourceSegments *graph.Node // [B, S] int32, -1 for padding; nil for none

	LabelSmoothing float64 // mass of each target that is spread evenly over the vocabulary; default 0

	Types  *graph.Node // [B, T] int32, which text of a pair a token is of, for encoders; nil for 0
	Values *graph.Node // [B, T, C] float, what a regression is to find at each target; else nil
}

// crossEntropy returns how a cross entropy of the batch is computed.
func (b Batch) crossEntropy() graph.CrossEntropyConfig {
	return graph.CrossEntropyConfig{Scale: b.Scale, LabelSmoothing: b.LabelSmoothing}
}

// Model is what every family has. Models that can be trained also have a Loss, as
// CausalLM has it.
type Model interface {
	// Params returns the parameters in the order in which the model made them.
	Params() []*graph.Param
	// VocabSize returns V.
	VocabSize() int
	// ContextLength returns the largest T.
	ContextLength() int
	// Save writes config.json, model.safetensors and, for models that generate,
	// generation_config.json. Each replaces an older file only when it is complete and
	// on the disk.
	Save(dir string) error
}

// CausalLM is a language model that predicts each token from those before it.
type CausalLM interface {
	Model
	// Loss returns the cross entropy of a batch, a scalar, and the loss of each
	// position [B·T], 0 where the target is ignored.
	Loss(g *graph.Graph, b Batch) (loss, rowLosses *graph.Node)
	// Hidden maps ids [B, T] int32 to the states [B, T, D] that Head scores.
	Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	// Head maps hidden states [..., D] to logits [..., V].
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
	// Logits maps ids [B, T] int32 to logits [B, T, V]; segments [B, T] may be nil.
	Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node
}

package models

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

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
	// Loss returns the cross entropy of a batch of tokens.
	Loss(g *graph.Graph, b layers.Batch) layers.Loss
	// Hidden maps ids [B, T] int32 to the states [B, T, D] that Head scores.
	Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	// Head maps hidden states [..., D] to logits [..., V].
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
	// Logits maps ids [B, T] int32 to logits [B, T, V]; segments [B, T] may be nil.
	Logits(g *graph.Graph, ids, segments *graph.Node) *graph.Node
}

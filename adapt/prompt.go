package adapt

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
)

// PromptConfig configures NewPrompt.
type PromptConfig struct {
	Tokens int  // num_virtual_tokens, > 0
	Task   Task // task_type; default none
	// SavedModules are layers that are trained whole, in a copy (modules_to_save), beside a classifier's head, which is by its task.
	SavedModules []string
}

// Validate tells what is wrong with the configuration, or nil.
func (c PromptConfig) Validate() error {
	switch {
	case c.Tokens <= 0:
		return fmt.Errorf("adapt: prompt: %d tokens, expected more than 0", c.Tokens)
	case c.Task == TaskSeq2Seq:
		return fmt.Errorf("adapt: prompt: of models that read a source and write a text, expected a model of one sequence")
	}
	return nil
}

// A Prompt is trained vectors that stand before each text.
type Prompt struct {
	ids []int32
}

// IDs returns the ids that stand for the vectors: the first ones behind the vocabulary. Texts must begin with them, which the model then
// looks up as it does any token; they are no targets.
func (p *Prompt) IDs() []int32 { return p.ids }

// Prompt returns the adapter's prompt, or nil.
func (a *Adapter) Prompt() *Prompt { return a.prompt }

// NewPrompt trains the vectors of so many virtual tokens before each text and nothing of the model (Lester et al., 2021). They start at random,
// by the seed, from a normal distribution of variance 1.
func NewPrompt(m Model, c PromptConfig, seed uint64) (*Adapter, error) {
	dt, sketch, err := kindOf(m)
	if err != nil {
		return nil, err
	}
	tree := graph.NewParams(dt, seed)
	if sketch {
		tree = graph.SketchParams(dt, nil)
	}
	return putPrompt(m, c, tree, true)
}

func putPrompt(m Model, c PromptConfig, tree *graph.Params, strict bool) (*Adapter, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	e, err := inputTable(m)
	if err != nil {
		return nil, err
	}
	vocab, width := e.Weight.Shape[0], e.Weight.Shape[1]
	rows := &tokenRows{rows: tree.New(promptName, graph.Normal(1), c.Tokens, width)}
	prompt := &Prompt{}
	for i := range c.Tokens {
		rows.ids = append(rows.ids, vocab+i)
		prompt.ids = append(prompt.ids, int32(vocab+i))
	}
	a := &Adapter{model: m, tree: tree, prompt: prompt, config: fileConfig{prompt: &c, width: width}}
	all, err := layersOf(m, c.Task)
	if err != nil {
		return nil, err
	}
	if a.slots, err = saveModules(m, savedNames(c.SavedModules, c.Task), all, tree, strict); err != nil {
		return nil, err
	}
	a.slots = append(a.slots, slot{attach: func() { e.Adapter = promptTable{rows} }, detach: func() { e.Adapter = nil }})
	return a, a.put()
}

// promptTable is a prompt before what a table gives.
type promptTable struct{ *tokenRows }

// Forward maps ids [B, T] to [B, T, D].
func (r promptTable) Forward(g *graph.Graph, e *layers.Embedding, ids *graph.Node) *graph.Node {
	vectors := r.overlay(g)
	vectors.Rows = g.Scale(vectors.Rows, e.VectorScale())
	return g.EmbeddingOverlaid(g.Param(e.Weight), ids, vectors, e.Padding())
}

// inputTable returns the table that a model's tokens are looked up in: the first that it has.
func inputTable(m Model) (*layers.Embedding, error) {
	all := layers.Find[layers.Embedding](m)
	if len(all) == 0 {
		return nil, fmt.Errorf("adapt: the model has no table of embeddings: no layers.Embedding is found in it")
	}
	return all[0], nil
}

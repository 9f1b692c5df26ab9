package main

import (
	"errors"
	"fmt"
	"maps"

	"github.com/seahorse-ml/seahorse/adapt"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
	"gorgonia.org/tensor"
)

// model returns the model, or a sketch of it, and fills in the batch's shape.
func (c *benchCommand) model(sketch bool) (task.Model, error) {
	if c.Adapter != "" && c.Init == "" {
		return nil, errors.New("--adapter: an adapter needs the model that it is for; give it by --init")
	}
	if c.Preset == "" && c.Init == "" {
		c.Preset = "mini"
	}
	shape := presetNamed("mini")
	if c.Preset != "" {
		shape = presetNamed(c.Preset)
	}
	setDefault(&c.BatchSize, shape.training.batchSize)
	if c.Init == "" {
		setDefault(&c.SeqLen, shape.training.seqLen)
		g := models.DefaultGPT2Config()
		g.NLayer, g.NHead, g.NEmbd, g.VocabSize, g.NPositions = shape.layers, shape.heads, shape.width, shape.vocab, *c.SeqLen
		g.EmbdDropout, g.AttnDropout, g.ResidDropout = 0, 0, 0
		params := graph.NewParams(tensor.Float32, 1337)
		if sketch {
			params = graph.SketchParams(tensor.Float32, nil)
		}
		return models.NewGPT2(g, params)
	}
	m, err := c.openForBench(sketch)
	if err != nil {
		return nil, err
	}
	setDefault(&c.SeqLen, min(shape.training.seqLen, m.ContextLength()))
	if *c.SeqLen > m.ContextLength() {
		return nil, fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, m.ContextLength())
	}
	return m, nil
}

// openForBench reads a model without dropout, or a sketch of it.
func (c *benchCommand) openForBench(sketch bool) (task.Model, error) {
	boundGarbage()
	storage, err := c.frozenStorage()
	if err != nil {
		return nil, err
	}
	if storage != models.FloatStorage && c.Adapter == "" {
		return nil, fmt.Errorf("%s needs --adapter: matrices of less than 32 bits are frozen", c.set())
	}
	m, err := models.Open(c.Init, models.OpenConfig{Edit: models.WithDropout(0), Sketch: sketch, Storage: storage})
	if err != nil {
		return nil, err
	}
	if c.Adapter != "" {
		trainable, ok := m.(task.Model)
		if !ok || !scores(m) {
			return nil, fmt.Errorf("%s holds %s; the benchmark of adapters needs a decoder", c.Init, task.Described(m))
		}
		a, err := adapt.Open(c.Adapter, m, adapt.OpenConfig{})
		if err != nil {
			return nil, err
		}
		return adaptedBench{trainable, adapt.Trained(trainable, a), a}, nil
	}
	switch m := m.(type) {
	case models.CausalLM:
		return m, nil
	case models.Seq2Seq:
		return pairBench{m}, nil
	case *models.MaskedLM:
		return m, nil
	}
	return nil, fmt.Errorf("%s holds %s; the benchmark's work needs a head that scores tokens", c.Init, task.Described(m))
}

// scores tells whether a model is a decoder.
func scores(m models.Model) bool {
	_, ok := m.(models.CausalLM)
	return ok
}

// adaptedBench trains an adapter.
type adaptedBench struct {
	models.Model
	trained adapt.Trainable
	adapter *adapt.Adapter
}

// Params returns the model's parameters and the adapter's.
func (a adaptedBench) Params() []*graph.Param { return a.trained.Params() }

// Loss is the model's.
func (a adaptedBench) Loss(g *graph.Graph, b layers.Batch) layers.Loss { return a.trained.Loss(g, b) }

// countParameters returns the number of elements.
func countParameters(params []*graph.Param) int64 {
	n := int64(0)
	for _, p := range params {
		n += int64(p.Len())
	}
	return n
}

// pairBench gives an encoder-decoder the rows as its sources.
type pairBench struct{ models.Seq2Seq }

// Loss returns the loss of a batch that has no source of its own.
func (p pairBench) Loss(g *graph.Graph, b layers.Batch) layers.Loss {
	b.In = maps.Clone(b.In)
	b.In[layers.SourceIDs], b.In[layers.SourceSegments] = b.In[layers.IDs], b.In[layers.Segments]
	return p.Seq2Seq.Loss(g, b)
}

// checkTokens refuses to generate more tokens than memory is free for.
func (c *benchCommand) checkTokens() error {
	free, check := c.free()
	if !check || c.Tokens != "" {
		return nil
	}
	const tokenBytes = 4 // or 2, with room for as many again while their list grows
	tokens := memoryPart{times(c.Steps, times(*c.BatchSize, times(*c.SeqLen, tokenBytes))), "the steps' tokens"}
	return refuseMemory([]memoryPart{tokens}, free, "fewer --steps take less")
}

// cut returns rows of tokens.
func (c *benchCommand) cut(tokens *data.Tokens, length int) (data.Dataset, error) {
	if c.Adapter != "" {
		return data.NewYardstickApart(tokens, length)
	}
	return data.NewYardstick(tokens, length)
}

// rows returns the benchmark's rows.
func (c *benchCommand) rows(vocab int) (data.Dataset, func() error, error) {
	b, t := *c.BatchSize, *c.SeqLen
	if c.Tokens == "" {
		tokens, err := data.Generated(c.Steps*b*t+t+2, vocab)
		if err != nil {
			return nil, nil, err
		}
		rows, err := c.cut(tokens, t)
		return rows, func() error { return nil }, err
	}
	f, err := data.OpenTokens(c.Tokens)
	if err != nil {
		return nil, nil, err
	}
	if err := f.CheckVocab(vocab); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%s: %w", c.Tokens, err), f.Close())
	}
	rows, err := c.cut(f.Tokens, t)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return rows, f.Close, nil
}

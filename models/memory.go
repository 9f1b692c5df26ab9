package models

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A memory is what an encoder made of sources, [B, S, D], with the sources' segments.
type memory struct {
	values   *tensor.Dense // [B, S, D]
	segments *tensor.Dense // [B, S] int32, -1 for padding
	sketch   *graph.Param  // stands for the values where traces are measured only
}

// remember encodes sources, padded at their end to the longest.
func remember(m Seq2Seq, sources [][]int32) (*memory, error) {
	longest := 0
	for _, source := range sources {
		if err := checkIDs(m, "source", source); err != nil {
			return nil, err
		}
		longest = max(longest, len(source))
	}
	if len(sources) == 0 {
		return nil, fmt.Errorf("models: generate: no sources")
	}
	if err := checkSource(m, longest); err != nil {
		return nil, err
	}
	g, ids, segments, encoded := traceEncoder(m, len(sources), longest)
	if err := g.Err(); err != nil {
		return nil, fmt.Errorf("models: generate: %w", err)
	}
	for i, source := range sources {
		copy(graph.Ints(ids)[i*longest:], source)
		for k := len(source); k < longest; k++ {
			graph.Ints(segments)[i*longest+k] = -1
		}
	}
	machine, err := graph.Compile(g, encoded)
	if err != nil {
		return nil, fmt.Errorf("models: generate: %w", err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return nil, fmt.Errorf("models: generate: %w", err)
	}
	return &memory{
		values:   encoded.Value().(*tensor.Dense).Clone().(*tensor.Dense),
		segments: segments.Value().(*tensor.Dense),
	}, nil
}

// checkSource refuses a source that is too long for a model.
func checkSource(m Seq2Seq, length int) error {
	if length > m.ContextLength() {
		return fmt.Errorf("models: generate: a source of %d tokens, the model takes %d", length, m.ContextLength())
	}
	return nil
}

// traceEncoder traces what a model makes of B sources of S tokens, [B, S, D].
func traceEncoder(m Seq2Seq, rows, length int) (g *graph.Graph, ids, segments, encoded *graph.Node) {
	g = graph.New(graph.Config{DType: dtypeOf(m)})
	ids = g.Input("source", tensor.Int32, rows, length)
	segments = g.Input("segments", tensor.Int32, rows, length)
	return g, ids, segments, m.Encode(g, ids, segments)
}

// repeated returns the memory of one source for n texts.
func (m *memory) repeated(n int) (*memory, error) {
	values, err := m.values.Repeat(0, n)
	if err != nil {
		return nil, err
	}
	segments, err := m.segments.Repeat(0, n)
	if err != nil {
		return nil, err
	}
	return &memory{values: values.(*tensor.Dense), segments: segments.(*tensor.Dense)}, nil
}

// attach adds the memory to a pass: all of it to one of whole texts, and only the
// segments to one that finds the rest in its cache.
func (m *memory) attach(g *graph.Graph, pass *layers.Pass, whole bool) {
	pass.MemorySegments = g.Input("memory segments", tensor.Int32, m.segments.Shape()...)
	let(g, pass.MemorySegments, m.segments)
	switch {
	case !whole:
	case m.sketch != nil:
		pass.Memory = g.Param(m.sketch)
	default:
		pass.Memory = g.Input("memory", m.values.Dtype(), m.values.Shape()...)
		let(g, pass.Memory, m.values)
	}
}

func let(g *graph.Graph, n *graph.Node, value *tensor.Dense) {
	if g.Err() != nil {
		return
	}
	if err := gorgonia.Let(n, value); err != nil {
		g.Fail(fmt.Errorf("models: generate: %w", err))
	}
}

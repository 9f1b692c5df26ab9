package generate

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// encoded is what an encoder made of sources, with the sources' segments.
type encoded struct {
	states   *tensor.Dense // [B, S, D]
	segments *tensor.Dense // [B, S] int32, -1 for padding
	sketch   *graph.Param  // stands for the states where traces are measured only
}

// encode encodes sources, padded at their end to the longest.
func encode(m Model, e Encoder, sources [][]int32) (*encoded, error) {
	longest := 0
	for _, source := range sources {
		if err := checkIDs(m, "source", source); err != nil {
			return nil, err
		}
		longest = max(longest, len(source))
	}
	if err := checkSource(m, longest); err != nil {
		return nil, err
	}
	g, ids, segments, states := traceEncoder(m, e, len(sources), longest)
	if err := g.Err(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	for i, source := range sources {
		copy(graph.Ints(ids)[i*longest:], source)
		for k := len(source); k < longest; k++ {
			graph.Ints(segments)[i*longest+k] = -1
		}
	}
	machine, err := graph.Compile(g, states)
	if err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	defer machine.Close()
	if err := machine.RunAll(); err != nil {
		return nil, fmt.Errorf("generate: %w", err)
	}
	return &encoded{
		states:   states.Value().(*tensor.Dense).Clone().(*tensor.Dense),
		segments: segments.Value().(*tensor.Dense),
	}, nil
}

// checkSource refuses a source that is too long for a model.
func checkSource(m Model, length int) error {
	if length > m.ContextLength() {
		return fmt.Errorf("generate: a source of %d tokens, the model takes %d", length, m.ContextLength())
	}
	return nil
}

// traceEncoder traces what a model makes of B sources of S tokens, [B, S, D].
func traceEncoder(m Model, e Encoder, rows, length int) (g *graph.Graph, ids, segments, states *graph.Node) {
	g = graph.New(graph.Config{DType: dtypeOf(m)})
	ids = g.Input("source", tensor.Int32, rows, length)
	segments = g.Input("segments", tensor.Int32, rows, length)
	return g, ids, segments, e.Encode(g, ids, segments)
}

// repeated returns what was made of one source for n texts; nil of nil.
func (e *encoded) repeated(n int) (*encoded, error) {
	if e == nil {
		return nil, nil
	}
	states, err := e.states.Repeat(0, n)
	if err != nil {
		return nil, err
	}
	segments, err := e.segments.Repeat(0, n)
	if err != nil {
		return nil, err
	}
	return &encoded{states: states.(*tensor.Dense), segments: segments.(*tensor.Dense)}, nil
}

// attach adds the sources to a pass: all of them to one of whole texts, and only the
// segments to one that finds the rest in its cache.
func (e *encoded) attach(g *graph.Graph, pass *layers.Pass, whole bool) {
	pass.EncodedSegments = g.Input("source segments", tensor.Int32, e.segments.Shape()...)
	let(g, pass.EncodedSegments, e.segments)
	switch {
	case !whole:
	case e.sketch != nil:
		pass.Encoded = g.Param(e.sketch)
	default:
		pass.Encoded = g.Input("encoded", e.states.Dtype(), e.states.Shape()...)
		let(g, pass.Encoded, e.states)
	}
}

func let(g *graph.Graph, n *graph.Node, value *tensor.Dense) {
	if g.Err() != nil {
		return
	}
	if err := gorgonia.Let(n, value); err != nil {
		g.Fail(fmt.Errorf("generate: %w", err))
	}
}

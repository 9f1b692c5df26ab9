package show

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// Text is what a model is looked at with.
type Text struct {
	IDs    []int32 // what the model reads; of an encoder-decoder what it writes, without the start token
	Types  []int32 // which text of a pair a token is of, for encoders; nil means 0 for all
	Source []int32 // what an encoder-decoder writes about; nil for all other models
}

// Ways in which models give states.
type (
	decoder interface {
		Hidden(g *graph.Graph, ids *graph.Node, pass layers.Pass) *graph.Node
	}
	encoder interface {
		Hidden(g *graph.Graph, ids, types, segments *graph.Node) *graph.Node
	}
	sourceEncoder interface {
		Encode(g *graph.Graph, ids, segments *graph.Node) *graph.Node
	}
	starter interface{ StartToken() int32 }
)

// languageHead is the head of a model that writes.
type languageHead interface {
	Head(g *graph.Graph, hidden *graph.Node) *graph.Node
}

// traced is a trace of rows texts of equal length.
type traced struct {
	g                  *graph.Graph
	rows               int
	ids, types, source *graph.Node // types and source may be nil
	states             *graph.Node // [B, T, D], what a head reads
	encoding           stack       // of an encoder-decoder
	main               stack       // of the only side, or of the decoder
	machine            *graph.Machine
	start              []int32 // what the decoder of an encoder-decoder reads first
}

// stack is one side of a model.
type stack struct {
	attentions []graph.TracedAttention
	blocks     []graph.TracedBlock
}

// isPair tells whether a model is an encoder-decoder.
func isPair(m models.Model) bool {
	_, writes := m.(decoder)
	_, reads := m.(sourceEncoder)
	return reads && writes
}

// check refuses texts that a model doesn't read.
func check(m models.Model, t Text) error {
	pair := isPair(m)
	switch {
	case pair && len(t.Source) == 0:
		return errors.New("show: an encoder-decoder needs a source")
	case !pair && len(t.Source) > 0:
		return errors.New("show: a source, and the model is no encoder-decoder")
	case !pair && len(t.IDs) == 0:
		return errors.New("show: the text has no tokens")
	case len(t.Types) > 0 && len(t.Types) != len(t.IDs):
		return fmt.Errorf("show: %d types for %d tokens", len(t.Types), len(t.IDs))
	}
	if n := max(len(t.IDs), len(t.Source)); n > m.ContextLength() {
		return fmt.Errorf("show: a text of %d tokens, and the model's context is %d", n, m.ContextLength())
	}
	for _, id := range slices.Concat(t.IDs, t.Source) {
		if id < 0 {
			return fmt.Errorf("show: a token %d, expected at least 0", id)
		}
	}
	return nil
}

// newTrace traces the states of a model for rows texts of the lengths of t.
func newTrace(m models.Model, t Text, rows int) (*traced, error) {
	x, err := newInputs(m, t, rows)
	if err != nil {
		return nil, err
	}
	return x, x.build(m)
}

// newInputs starts a trace with the inputs for rows texts of the lengths of t.
func newInputs(m models.Model, t Text, rows int) (*traced, error) {
	if err := check(m, t); err != nil {
		return nil, err
	}
	x := &traced{g: graph.New(graph.Config{DType: dtypeOf(m)}), rows: rows}
	input := func(name string, length int) *graph.Node {
		if length == 0 {
			return nil
		}
		return x.g.Input(name, tensor.Int32, rows, length)
	}
	if s, ok := m.(starter); ok && isPair(m) {
		x.start = []int32{s.StartToken()}
	}
	x.ids = input("ids", len(x.start)+len(t.IDs))
	x.types = input("types", len(t.Types))
	x.source = input("source", len(t.Source))
	if x.ids == nil {
		return nil, errors.New("show: nothing for the decoder to read")
	}
	return x, nil
}

// build traces the model's states.
func (x *traced) build(m models.Model) error {
	g := x.g
	switch m := m.(type) {
	case decoder:
		var pass layers.Pass
		if e, ok := m.(sourceEncoder); ok {
			pass.Encoded = e.Encode(g, x.source, nil)
			x.encoding = stack{g.Attentions(), slices.Clone(g.Blocks())}
		}
		x.states = m.Hidden(g, x.ids, pass)
	case encoder:
		x.states = m.Hidden(g, x.ids, x.types, nil)
	case sourceEncoder:
		x.states = m.Encode(g, x.ids, nil)
	default:
		return fmt.Errorf("show: %T gives no states", m)
	}
	if err := g.Err(); err != nil {
		return err
	}
	x.main = stack{g.Attentions()[len(x.encoding.attentions):], g.Blocks()[len(x.encoding.blocks):]}
	return nil
}

// pick makes the input that says which rows picked returns, one for each text.
func (x *traced) pick(rows int) *graph.Node { return x.g.Input("at", tensor.Int32, rows) }

// picked returns one state of each text, [B, D], by their places among all states.
func (x *traced) picked(at *graph.Node) *graph.Node {
	b, t, d := x.g.Dims3(x.states)
	return x.g.Embedding(x.g.Reshape(x.states, b*t, d), at)
}

// fill sets the tokens of a row.
func (x *traced) fill(row int, t Text) {
	set := func(n *graph.Node, ids []int32) {
		if n != nil {
			copy(graph.Ints(n)[row*len(ids):], ids)
		}
	}
	set(x.ids, slices.Concat(x.start, t.IDs))
	set(x.types, t.Types)
	set(x.source, t.Source)
}

// run computes the outputs for one text.
func (x *traced) run(t Text, outputs ...*graph.Node) error {
	if err := x.g.Err(); err != nil {
		return err
	}
	if x.machine == nil {
		var err error
		if x.machine, err = graph.Compile(x.g, outputs...); err != nil {
			return err
		}
	}
	x.fill(0, t)
	return x.machine.RunAll()
}

func (x *traced) close() {
	if x.machine != nil {
		x.machine.Close()
	}
}

// dtypeOf returns the type that a model computes in.
func dtypeOf(m models.Model) tensor.Dtype {
	for _, p := range m.Params() {
		return p.DType()
	}
	return tensor.Float32
}

// values copies what a run has found.
func values(n *graph.Node) []float32 {
	switch d := n.Value().Data().(type) {
	case []float32:
		return slices.Clone(d)
	case []float64:
		out := make([]float32, len(d))
		for i, v := range d {
			out[i] = float32(v)
		}
		return out
	}
	return []float32{float32(graph.Scalar(n))}
}

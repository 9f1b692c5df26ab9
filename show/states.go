package show

import (
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// States are the vectors that go from block to block.
type States struct {
	Width int // D
	// Layers are the states [T, D] before the first block and after each one. Those of an encoder-decoder are its decoder's, whose first token is the
	// start token.
	Layers [][]float32
	// Last is what the head reads: the last of Layers, behind the last norm if there is one.
	Last []float32
	// Source are the states [S, D] of an encoder-decoder's encoder; else nil.
	Source [][]float32
}

// AllStates returns the states of a text.
func AllStates(m models.Model, t Text) (*States, error) {
	x, err := newTrace(m, t, 1)
	if err != nil {
		return nil, err
	}
	defer x.close()
	main, source := x.main.states(), x.encoding.states()
	outputs := append([]*graph.Node{x.states}, main...)
	if err := x.run(t, append(outputs, source...)...); err != nil {
		return nil, err
	}
	s := &States{Width: x.states.Shape()[2], Last: values(x.states)}
	for _, n := range main {
		s.Layers = append(s.Layers, values(n))
	}
	for _, n := range source {
		s.Source = append(s.Source, values(n))
	}
	return s, nil
}

// states returns the nodes before the first block and after each one.
func (s stack) states() []*graph.Node {
	var all []*graph.Node
	for i, b := range s.blocks {
		if i == 0 {
			all = append(all, b.In)
		}
		all = append(all, b.Out)
	}
	return all
}

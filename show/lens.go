package show

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/models"
)

// LensConfig configures Lens.
type LensConfig struct {
	Top int // how many of the most probable tokens or classes are told of; 0 means 5
}

// A LensView has what a model's head makes of the states before its first block and after each one (nostalgebraist, 2020).
type LensView struct {
	// Layers [blocks + 1][positions] are the distributions. A decoder's at a position is of the token behind it, a masked model's of the token
	// there. Of a classifier of texts there is one position.
	Layers [][]Distribution
}

// Lens looks at the states between blocks through the model's head. The targets are the tokens of the text; where none comes behind, and
// of classifiers, they are what the model says in the end.
func Lens(m models.Model, t Text, c LensConfig) (*LensView, error) {
	lens, ok := m.(models.Lens)
	if !ok {
		return nil, fmt.Errorf("show: lens: %T has no head to look through", m)
	}
	if _, values := m.(*models.RewardModel); values {
		return nil, fmt.Errorf("show: lens: a reward model's head gives a value, and no probabilities")
	}
	if c.Top == 0 {
		c.Top = 5
	}
	s, err := AllStates(m, t)
	if err != nil {
		return nil, err
	}
	tokens := len(s.Last) / s.Width
	rows := min(headRows, tokens)
	_, whole := m.(*models.SequenceClassifier)
	if whole { // whose head looks at the first token alone
		tokens, rows = 1, 1
	}
	head, err := newHead(m, rows, s.Width, lens.Lens)
	if err != nil {
		return nil, err
	}
	defer head.machine.Close()
	targets := lensTargets(m, t, tokens)
	if err := head.each(s.Layers[len(s.Layers)-1][:tokens*s.Width], func(i int, scores []float32) {
		if targets[i] < 0 {
			targets[i] = int32(best(scores, 1)[0])
		}
	}); err != nil {
		return nil, err
	}
	view := &LensView{}
	for _, states := range s.Layers {
		layer := make([]Distribution, tokens)
		if err := head.each(states[:tokens*s.Width], func(i int, scores []float32) {
			layer[i] = distribution(scores, targets[i], c.Top)
		}); err != nil {
			return nil, err
		}
		view.Layers = append(view.Layers, layer)
	}
	return view, nil
}

// lensTargets returns the tokens that are to be said at each position, negative where the text doesn't tell.
func lensTargets(m models.Model, t Text, positions int) []int32 {
	targets := make([]int32, positions)
	for i := range targets {
		targets[i] = -1
	}
	switch {
	case isPair(m): // behind the start token
		copy(targets, t.IDs)
	case isDecoder(m):
		copy(targets, t.IDs[1:])
	}
	if _, masked := m.(*models.MaskedLM); masked {
		copy(targets, t.IDs)
	}
	return targets
}

func isDecoder(m models.Model) bool {
	_, ok := m.(decoder)
	return ok
}

package show

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
)

// TokensConfig configures Tokens.
type TokensConfig struct {
	Top int // how many of the most probable tokens are told of; 0 means 5
	// Mask is the token that hides others from a masked model, which has no end without it. Other models leave it out of account.
	Mask int32
	// Positions are the tokens that are hidden from a masked model, each by itself; nil means all.
	Positions []int
}

// A TokenView is what a model expects in place of a token.
type TokenView struct {
	Position int // of the token in Text.IDs; their number for what comes next
	Distribution
}

// Tokens returns how probable each token of a text is by a model with a language head, its rank, and its rivals. A decoder's first
// token isn't expected by anything and so isn't among them; what would come next is, without a target. A masked model tells of each token
// what it expects there when it is hidden (Salazar et al., 2020).
func Tokens(m models.Model, t Text, c TokensConfig) ([]TokenView, error) {
	if c.Top == 0 {
		c.Top = 5
	}
	if masked, ok := m.(*models.MaskedLM); ok {
		return hiddenTokens(masked, t, c)
	}
	writer, ok := m.(languageHead)
	if !ok || !isDecoder(m) {
		return nil, fmt.Errorf("show: tokens: %T doesn't tell how probable tokens are, as it has no head for a vocabulary", m)
	}
	x, err := newTrace(m, t, 1)
	if err != nil {
		return nil, err
	}
	defer x.close()
	if err := x.run(t, x.states); err != nil {
		return nil, err
	}
	states, width := values(x.states), x.states.Shape()[2]
	head, err := newHead(m, min(headRows, len(states)/width), width, writer.Head)
	if err != nil {
		return nil, err
	}
	defer head.machine.Close()
	var all []TokenView
	err = head.each(states, func(i int, scores []float32) {
		position, target := i+1-len(x.start), int32(-1)
		if position < len(t.IDs) {
			target = t.IDs[position]
		}
		all = append(all, TokenView{position, distribution(scores, target, c.Top)})
	})
	return all, err
}

// maskedTokens is about how many tokens of texts go through a masked model at once.
const maskedTokens = 512

// hiddenTokens hides each token by itself.
func hiddenTokens(m *models.MaskedLM, t Text, c TokensConfig) ([]TokenView, error) {
	positions := c.Positions
	if positions == nil {
		for i := range t.IDs {
			positions = append(positions, i)
		}
	}
	if len(positions) == 0 {
		return nil, fmt.Errorf("show: tokens: no position to look at")
	}
	rows := max(1, min(len(positions), maskedTokens/max(1, len(t.IDs))))
	x, err := newTrace(m, t, rows)
	if err != nil {
		return nil, err
	}
	defer x.close()
	at := x.pick(rows)
	logits := m.Head.Logits(x.g, x.picked(at))
	machine, err := graph.Compile(x.g, logits)
	if err != nil {
		return nil, err
	}
	defer machine.Close()
	var all []TokenView
	for first := 0; first < len(positions); first += rows {
		part := positions[first:min(len(positions), first+rows)]
		for row := range rows {
			p := part[min(row, len(part)-1)]
			if p < 0 || p >= len(t.IDs) {
				return nil, fmt.Errorf("show: tokens: position %d, expected 0 to %d", p, len(t.IDs)-1)
			}
			hidden := t
			hidden.IDs = append([]int32{}, t.IDs...)
			hidden.IDs[p] = c.Mask
			x.fill(row, hidden)
			graph.Ints(at)[row] = int32(row*len(t.IDs) + p)
		}
		if err := machine.RunAll(); err != nil {
			return nil, err
		}
		scores := values(logits)
		n := len(scores) / rows
		for row, p := range part {
			target := t.IDs[p]
			if target == c.Mask { // was hidden already
				target = -1
			}
			all = append(all, TokenView{p, distribution(scores[row*n:(row+1)*n], target, c.Top)})
		}
	}
	return all, nil
}

package show

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/gorgonia"
)

// slope is a trace of a score with its gradients by what is looked up for the tokens of rows texts.
type slope struct {
	*traced
	calls  []lookedUp
	scores *graph.Node // [B]
}

// lookedUp is what stands in for a look-up of tokens.
type lookedUp struct {
	ids     *graph.Node
	tokens  int
	vectors *graph.Param // [B, T, D]
}

// newSlope makes what finds the gradients of a score of rows texts.
func newSlope(m models.Model, t Text, c AttributionConfig, rows int) (*slope, error) {
	s, err := traceSlope(m, t, c, rows)
	if err != nil {
		return nil, err
	}
	for row := range rows {
		s.fill(row, t)
	}
	s.machine, err = graph.Compile(s.g, s.scores)
	return s, err
}

// traceSlope traces a score of rows texts and its gradients.
func traceSlope(m models.Model, t Text, c AttributionConfig, rows int) (*slope, error) {
	x, err := newInputs(m, t, rows)
	if err != nil {
		return nil, err
	}
	s := &slope{traced: x}
	tree := graph.NewParams(dtypeOf(m), 0)
	err = tapped(m, func(g *graph.Graph, e *layers.Embedding, ids *graph.Node, look func() *graph.Node) *graph.Node {
		if !s.reads(ids) {
			return look()
		}
		shape := ids.Shape()
		p := tree.New(fmt.Sprintf("what is looked up, %d", len(s.calls)), graph.Zeros(), shape[0], shape[1], e.Weight.Shape[1])
		s.calls = append(s.calls, lookedUp{ids, shape[1], p})
		return g.Param(p)
	}, func() (err error) {
		if err = s.build(m); err == nil {
			s.scores, err = s.score(m, c)
		}
		return err
	})
	if err == nil {
		err = tree.Err()
	}
	if err != nil {
		return nil, err
	}
	loss := s.g.Check(gorgonia.Sum(s.scores))
	return s, s.differentiate(loss)
}

// differentiate derives the gradients by what is looked up alone.
func (s *slope) differentiate(loss *graph.Node) error {
	own := map[*graph.Param]bool{}
	for _, call := range s.calls {
		own[call.vectors] = true
	}
	for _, p := range s.g.Params() {
		if frozen := p.Frozen; !own[p] {
			p.Frozen = true
			defer func() { p.Frozen = frozen }()
		}
	}
	return s.g.Grad(loss)
}

// score traces the score that is attributed, [B].
func (s *slope) score(m models.Model, c AttributionConfig) (*graph.Node, error) {
	g := s.g
	tokens := s.states.Shape()[1]
	position := c.Position
	pick := func() *graph.Node {
		at := s.pick(s.rows)
		if g.Err() == nil {
			for row := range s.rows {
				graph.Ints(at)[row] = int32(row*tokens + position)
			}
		}
		return s.picked(at)
	}
	var scores *graph.Node // [B, N]
	switch m := m.(type) {
	case *models.MaskedLM:
		scores = m.Head.Logits(g, pick())
	case *models.TokenClassifier:
		scores = m.Classifier.Scores(g, pick())
	case *models.SequenceClassifier:
		scores = m.Lens(g, s.states)
	case *models.RewardModel:
		position = tokens - 1
		scores = m.Score.Forward(g, pick())
	case languageHead:
		position = tokens - 1
		scores = m.Head(g, pick())
	default:
		return nil, errors.New("show: attribution: the model has no head whose scores could be attributed")
	}
	if err := g.Err(); err != nil {
		return nil, err
	}
	n := scores.Shape()[1]
	if int(c.Target) >= n {
		return nil, fmt.Errorf("show: attribution: target %d, expected 0 to %d", c.Target, n-1)
	}
	if c.Score == Probability {
		scores = g.Check(gorgonia.SoftMax(scores))
	}
	return g.Reshape(g.Slice(scores, int(c.Target), int(c.Target)+1), s.rows), g.Err()
}

// set puts vectors between starts and ends in the place of a row's.
func (s *slope) set(row int, starts, ends [][]float32, place float64) {
	for i, call := range s.calls {
		n := len(ends[i])
		switch d := call.vectors.Value().Data().(type) {
		case []float32:
			for k, end := range ends[i] {
				d[row*n+k] = starts[i][k] + float32(place)*(end-starts[i][k])
			}
		case []float64:
			for k, end := range ends[i] {
				d[row*n+k] = float64(starts[i][k]) + place*float64(end-starts[i][k])
			}
		}
	}
}

// integrate returns the weighted sums of the gradients at places between starts and ends.
func (s *slope) integrate(starts, ends [][]float32, places, weights []float64) ([][]float32, error) {
	sums := make([][]float64, len(ends))
	for i, v := range ends {
		sums[i] = make([]float64, len(v))
	}
	for first := 0; first < len(places); first += s.rows {
		part := min(s.rows, len(places)-first)
		for row := range s.rows {
			s.set(row, starts, ends, places[first+min(row, part-1)])
		}
		if err := s.machine.RunAll(); err != nil {
			return nil, err
		}
		for i, call := range s.calls {
			n := len(ends[i])
			for row := range part {
				w := weights[first+row]
				switch d := call.vectors.Grad().Data().(type) {
				case []float32:
					for k := range n {
						sums[i][k] += w * float64(d[row*n+k])
					}
				case []float64:
					for k := range n {
						sums[i][k] += w * d[row*n+k]
					}
				}
			}
		}
	}
	out := make([][]float32, len(sums))
	for i, sum := range sums {
		out[i] = make([]float32, len(sum))
		for k, v := range sum {
			out[i][k] = float32(v)
		}
	}
	return out, nil
}

// at returns the score of vectors.
func (s *slope) at(vectors [][]float32) (float64, error) {
	for row := range s.rows {
		s.set(row, vectors, vectors, 0)
	}
	if err := s.machine.RunAll(); err != nil {
		return 0, err
	}
	return float64(values(s.scores)[0]), nil
}

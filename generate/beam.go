package generate

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/layers"
)

// BeamConfig configures BeamSearch.
type BeamConfig struct {
	Beams         int     // texts that are followed side by side, > 0
	MaxNewTokens  int     // tokens to generate at most, > 0
	LengthPenalty float64 // a text's score is divided by its length to this power; 1 is the mean of the logarithms, 0 their sum
	Stop          []int32 // tokens that end a text
	// Ended is asked of each text that might be followed, with all tokens that were generated
	// for it, whether it ends there; nil leaves that to Stop and MaxNewTokens.
	Ended func(ids []int32) bool
}

// Validate tells what is wrong with the configuration, or nil.
func (c BeamConfig) Validate() error {
	switch {
	case c.Beams <= 0 || c.MaxNewTokens <= 0:
		return fmt.Errorf("generate: beam search: %d beams and %d new tokens, expected at least 1 of each", c.Beams, c.MaxNewTokens)
	case math.IsNaN(c.LengthPenalty) || math.IsInf(c.LengthPenalty, 0):
		return fmt.Errorf("generate: beam search: a length penalty of %g, expected a number", c.LengthPenalty)
	}
	return nil
}

// A beam is a text that is followed, and the sum of the logarithms of its tokens'
// probabilities; once finished, that sum over a power of its length.
type beam struct {
	text  text
	score float64
	from  int // the running beam that it goes on with
	ended bool
}

// BeamSearch writes the text for a prompt that it finds the most probable for its length, and
// returns the new tokens; see Stream for what they are. It searches as transformers does where
// early_stopping is false: until no running text can be expected to beat the finished ones.
func BeamSearch(ctx context.Context, m Model, prompt []int32, c BeamConfig) ([]int32, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	texts, sources, err := begin(m, [][]int32{prompt})
	if err != nil {
		return nil, err
	}
	if sources, err = sources.repeated(c.Beams); err != nil {
		return nil, fmt.Errorf("generate: beam search: %w", err)
	}
	begun := len(texts[0].ids)
	s := newScorer(m, sources, c.Beams, begun, c.MaxNewTokens, layers.NewCache)
	defer s.close()
	running := make([]beam, c.Beams)
	for i := range running {
		running[i] = beam{text: texts[0], score: math.Inf(-1)}
	}
	running[0].score = 0 // the others are the same text
	var finished []beam  // best first, at most Beams
	for n := 1; ; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		logits, err := s.next(textsOf(running))
		if err != nil {
			return nil, err
		}
		best := expand(running, logits, max(2, 1+len(c.Stop))*c.Beams, m.ContextLength())
		for i := range best {
			ids := best[i].text.ids[begun:]
			best[i].ended = slices.Contains(c.Stop, ids[len(ids)-1]) || c.Ended != nil && c.Ended(ids)
		}
		length := math.Pow(float64(n), c.LengthPenalty)
		running = running[:0]
		for i, b := range best {
			switch {
			case n == c.MaxNewTokens || b.ended:
				if i < c.Beams {
					b.score /= length
					finished = append(finished, b)
				}
			case len(running) < c.Beams:
				running = append(running, b)
			}
		}
		slices.SortStableFunc(finished, func(a, b beam) int { return cmp.Compare(b.score, a.score) })
		finished = finished[:min(len(finished), c.Beams)]
		if len(running) == 0 || done(finished, running[0].score/length, c.Beams) {
			break
		}
		for len(running) < c.Beams { // of a small vocabulary
			running = append(running, beam{text: running[0].text, score: math.Inf(-1), from: running[0].from})
		}
		s.reorder(origins(running))
	}
	if len(finished) == 0 {
		return nil, fmt.Errorf("generate: beam search: no text was finished")
	}
	return finished[0].text.ids[begun:], nil
}

// done tells whether the best running text, were it finished now, would beat none of
// the finished ones.
func done(finished []beam, best float64, beams int) bool {
	return len(finished) == beams && best <= finished[beams-1].score
}

func textsOf(beams []beam) []text {
	texts := make([]text, len(beams))
	for i, b := range beams {
		texts[i] = b.text
	}
	return texts
}

func origins(beams []beam) []int {
	rows := make([]int, len(beams))
	for i, b := range beams {
		rows[i] = b.from
	}
	return rows
}

// A choice is a token that a running text may go on with.
type choice struct {
	from  int
	id    int32
	score float64
}

// expand returns the n best continuations of running texts by one token, best first.
func expand(running []beam, logits [][]float32, n, context int) []beam {
	choices := make([]choice, 0, n+len(logits[0]))
	better := func(a, b choice) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(a.from, b.from), cmp.Compare(a.id, b.id))
	}
	for from, b := range running {
		if math.IsInf(b.score, -1) {
			continue
		}
		total := logSumExp(logits[from])
		for id, z := range logits[from] {
			choices = append(choices, choice{from, int32(id), b.score + float64(z) - total})
		}
		// Sorting after each text keeps the list short.
		slices.SortFunc(choices, better)
		choices = choices[:min(n, len(choices))]
	}
	best := make([]beam, len(choices))
	for i, c := range choices {
		b := running[c.from]
		b.text.ids = slices.Clone(b.text.ids)
		b.text.add(c.id, context)
		best[i] = beam{text: b.text, score: c.score, from: c.from}
	}
	return best
}

func logSumExp(logits []float32) float64 {
	most := float64(slices.Max(logits))
	total := 0.0
	for _, z := range logits {
		total += math.Exp(float64(z) - most)
	}
	return most + math.Log(total)
}

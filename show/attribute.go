package show

import (
	"errors"
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/models"
	"gonum.org/v1/gonum/integrate/quad"
)

// A Method says how much of a score a token is given.
type Method string

const (
	// IntegratedGradients (Sundararajan et al., 2017) are the means of the gradients on the straight way from a baseline, times the way. Up to the
	// error of their sum, they add up to what the score is more than that of the baseline.
	IntegratedGradients Method = "integrated-gradients"
	// GradientInput is the gradient of the score by a token's vector, times that vector (Shrikumar et al., 2016).
	GradientInput Method = "gradient-input"
)

// A Score is what is attributed to tokens.
type Score string

const (
	Logit       Score = "logit"       // of the class or token, or a regression's or reward model's value
	Probability Score = "probability" // of the class or token
)

// AttributionConfig configures Attribute.
type AttributionConfig struct {
	Method Method // default IntegratedGradients
	Score  Score  // default Logit
	Steps  int    // of integrated gradients, by Gauss and Legendre; 0 means 50
	// Target is the class, the value of several that a regression finds, or the token whose score is attributed.
	Target int32
	// Position is where the target is: the place in Text.IDs of the token that a decoder writes, all before it being read, with their number for the
	// next one; of that which a masked model finds; or of that which has a class. Classifiers of texts leave it out of account.
	Position int
	// Baseline is where integrated gradients start from, of as many tokens as the text. Nil means vectors of zeros.
	Baseline *Text
}

// mostSteps are more than an integral of a model's gradients can use.
const mostSteps = 10_000

// Validate tells what is wrong with the configuration, or nil.
func (c AttributionConfig) Validate() error {
	switch {
	case c.Method != "" && c.Method != IntegratedGradients && c.Method != GradientInput:
		return fmt.Errorf("show: attribution: method %q, expected %q or %q", c.Method, IntegratedGradients, GradientInput)
	case c.Score != "" && c.Score != Logit && c.Score != Probability:
		return fmt.Errorf("show: attribution: score %q, expected %q or %q", c.Score, Logit, Probability)
	case c.Steps < 0 || c.Steps > mostSteps:
		return fmt.Errorf("show: attribution: %d steps, expected 1 to %d", c.Steps, mostSteps)
	case c.Baseline != nil && c.Method == GradientInput:
		return errors.New("show: attribution: a baseline is for integrated gradients")
	case c.Target < 0 || c.Position < 0:
		return fmt.Errorf("show: attribution: target %d at position %d, expected at least 0", c.Target, c.Position)
	}
	return nil
}

// An Attribution says what tokens give to a score.
type Attribution struct {
	Tokens []float64 // of Text.IDs, up to the position of a decoder's target
	Source []float64 // of Text.Source
	Start  float64   // of an encoder-decoder's start token
	Value  float64   // the score that is attributed
	// Baseline is the score of the baseline, and Error by how much the sum of integrated gradients misses the difference.
	Baseline, Error float64
}

// Attribute attributes the score of a class or token to the tokens that a model reads. What is followed back is the vectors that the
// model looks up for its tokens; positions and types are no part of them.
func Attribute(m models.Model, t Text, c AttributionConfig) (*Attribution, error) {
	whole := t
	c, t, err := c.resolve(m, t)
	if err != nil {
		return nil, err
	}
	ends, err := lookUp(m, t) // of the ways
	if err != nil {
		return nil, err
	}
	starts := zeros(ends)
	if c.Baseline != nil {
		if b := c.Baseline; len(b.IDs) != len(whole.IDs) || len(b.Source) != len(whole.Source) {
			return nil, fmt.Errorf("show: attribution: a baseline of %d tokens and a source of %d, expected %d and %d", len(b.IDs), len(b.Source), len(whole.IDs), len(whole.Source))
		}
		b, err := readUpTo(m, *c.Baseline, c.Position)
		if err == nil {
			starts, err = lookUp(m, b)
		}
		if err != nil {
			return nil, err
		}
	}
	places, weights := []float64{1}, []float64{1}
	if c.Method == IntegratedGradients {
		places, weights = make([]float64, c.Steps), make([]float64, c.Steps)
		quad.Legendre{}.FixedLocations(places, weights, 0, 1)
	}
	s, err := newSlope(m, t, c, c.rows(t))
	if err != nil {
		return nil, err
	}
	defer s.close()
	sums, err := s.integrate(starts, ends, places, weights)
	if err != nil {
		return nil, err
	}
	return s.attribution(t, sums, starts, ends, c.Method)
}

// resolve checks the configuration for a text, fills in its defaults, and returns what of the text is read.
func (c AttributionConfig) resolve(m models.Model, t Text) (AttributionConfig, Text, error) {
	if err := c.Validate(); err != nil {
		return c, t, err
	}
	if c.Method == "" {
		c.Method = IntegratedGradients
	}
	if c.Steps == 0 {
		c.Steps = 50
	}
	if err := check(m, t); err != nil {
		return c, t, err
	}
	t, err := readUpTo(m, t, c.Position)
	return c, t, err
}

// slopeTokens is about how many tokens gradients are found of at once.
const slopeTokens = 512

// rows returns of how many texts gradients are found at once.
func (c AttributionConfig) rows(t Text) int {
	if c.Method == GradientInput {
		return 1
	}
	return min(c.Steps, max(1, slopeTokens/(len(t.IDs)+len(t.Source)+1)))
}

// attribution multiplies what was integrated with the ways and adds up the parts of each token's vector.
func (s *slope) attribution(t Text, sums, starts, ends [][]float32, method Method) (*Attribution, error) {
	a := &Attribution{Tokens: make([]float64, len(t.IDs)), Source: make([]float64, len(t.Source))}
	total := 0.0
	for i, sum := range sums {
		tokens := s.calls[i].tokens
		width := len(sum) / tokens
		for k, gradient := range sum {
			given := float64(gradient) * float64(ends[i][k]-starts[i][k])
			total += given
			token := k / width
			switch {
			case s.calls[i].ids == s.source:
				a.Source[token] += given
			case token < len(s.start):
				a.Start += given
			default:
				a.Tokens[token-len(s.start)] += given
			}
		}
	}
	var err error
	if a.Value, err = s.at(ends); err != nil || method == GradientInput {
		return a, err
	}
	if a.Baseline, err = s.at(starts); err != nil {
		return nil, err
	}
	a.Error = total - (a.Value - a.Baseline)
	return a, nil
}

// readUpTo returns what a model reads when it writes the token at a position: all before it. Other models than decoders read all.
func readUpTo(m models.Model, t Text, position int) (Text, error) {
	_, written := m.(languageHead)
	switch {
	case written && isDecoder(m):
		if position > len(t.IDs) || position == 0 && !isPair(m) {
			return t, fmt.Errorf("show: attribution: position %d, expected one behind the first token and at most %d", position, len(t.IDs))
		}
		t.IDs = t.IDs[:position]
	case position >= len(t.IDs):
		return t, fmt.Errorf("show: attribution: position %d, expected 0 to %d", position, len(t.IDs)-1)
	}
	t.IDs, t.Source = slices.Clone(t.IDs), slices.Clone(t.Source)
	return t, nil
}

func zeros(like [][]float32) [][]float32 {
	out := make([][]float32, len(like))
	for i, v := range like {
		out[i] = make([]float32, len(v))
	}
	return out
}

package reward

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// Sample is an answer that is to be judged.
type Sample struct {
	Prompt   string          `json:"prompt"`   // the text that was continued
	Answer   string          `json:"answer"`   // what was written
	Expected string          `json:"expected"` // the record's "answer", "" where it has none
	Record   json.RawMessage `json:"record"`   // of the prompt, as the data have it; nil for none
	Tokens   int             `json:"tokens"`   // of the answer
	Ended    bool            `json:"ended"`    // the model ended it, not the most tokens that it may have
	// Episode is all that was said behind the prompt in an environment, of which the answer is the last turn, and Earned the reward of that; "" and 0 without.
	Episode string  `json:"episode,omitempty"`
	Earned  float64 `json:"earned,omitempty"`
}

// Earned is a Checker of what an environment has given.
type Earned struct{}

// Name is "environment".
func (Earned) Name() string { return "environment" }

// Rewards returns what was given.
func (Earned) Rewards(_ context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(s Sample) (float64, error) { return s.Earned, nil })
}

// A Checker tells how good answers are.
type Checker interface {
	// Name is what figures call it: lower-case letters, digits and underscores.
	Name() string
	// Rewards returns a number for each sample, math.NaN for one that it doesn't judge.
	Rewards(ctx context.Context, samples []Sample) ([]float64, error)
}

// An Expecter is a Checker that needs a record's "answer".
type Expecter interface {
	Checker
	Expects()
}

// Func is a Checker of a Go function, which judges samples one by one.
type Func struct {
	Title string // its name
	Judge func(ctx context.Context, s Sample) (float64, error)
}

// Name returns the title.
func (f Func) Name() string { return f.Title }

// Rewards asks the function.
func (f Func) Rewards(ctx context.Context, samples []Sample) ([]float64, error) {
	return each(samples, func(s Sample) (float64, error) { return f.Judge(ctx, s) })
}

// each judges samples one by one.
func each(samples []Sample, judge func(s Sample) (float64, error)) ([]float64, error) {
	rewards := make([]float64, len(samples))
	for i, s := range samples {
		var err error
		if rewards[i], err = judge(s); err != nil {
			return nil, fmt.Errorf("answer %d of %d: %w", i+1, len(samples), err)
		}
	}
	return rewards, nil
}

// truth is 1 of what is true.
func truth(ok bool) float64 {
	if ok {
		return 1
	}
	return 0
}

// Weighted is several checkers with what each of them counts.
type Weighted struct {
	Checkers []Checker
	Weights  []float64 // nil for 1 each
}

// Validate tells what is wrong with the checkers or weights, or nil.
func (w Weighted) Validate() error {
	if len(w.Checkers) == 0 {
		return errors.New("reward: no checkers, expected one or more")
	}
	if w.Weights != nil && len(w.Weights) != len(w.Checkers) {
		return fmt.Errorf("reward: %d weights for %d checkers", len(w.Weights), len(w.Checkers))
	}
	for i, v := range w.Weights {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("reward: the weight of %s is %g, expected a number", w.Checkers[i].Name(), v)
		}
	}
	return nil
}

// Names returns the names of the checkers, those that come again with a number.
func (w Weighted) Names() []string {
	names, seen := make([]string, len(w.Checkers)), map[string]int{}
	for i, c := range w.Checkers {
		names[i] = c.Name()
		if seen[names[i]]++; seen[names[i]] > 1 {
			names[i] = fmt.Sprintf("%s_%d", names[i], seen[c.Name()])
		}
	}
	return names
}

// Expects tells whether a checker needs the records' answers.
func (w Weighted) Expects() bool {
	for _, c := range w.Checkers {
		if _, ok := c.(Expecter); ok {
			return true
		}
	}
	return false
}

// Rewards returns what each checker says of the samples, and the weighted sums, in which no number counts as 0; where no checker judges a sample, the sum
// is no number.
func (w Weighted) Rewards(ctx context.Context, samples []Sample) (sums []float64, by [][]float64, err error) {
	if err := w.Validate(); err != nil {
		return nil, nil, err
	}
	sums = make([]float64, len(samples))
	judged := make([]bool, len(samples))
	for i, c := range w.Checkers {
		found, err := c.Rewards(ctx, samples)
		if err != nil {
			return nil, nil, fmt.Errorf("reward: %s: %w", c.Name(), err)
		}
		if len(found) != len(samples) {
			return nil, nil, fmt.Errorf("reward: %s: %d rewards for %d answers", c.Name(), len(found), len(samples))
		}
		weight := 1.0
		if w.Weights != nil {
			weight = w.Weights[i]
		}
		for k, v := range found {
			if math.IsInf(v, 0) {
				return nil, nil, fmt.Errorf("reward: %s: the reward of answer %d is %g, expected a number", c.Name(), k+1, v)
			}
			if !math.IsNaN(v) {
				sums[k] += weight * v
				judged[k] = true
			}
		}
		by = append(by, found)
	}
	for k, ok := range judged {
		if !ok {
			sums[k] = math.NaN()
		}
	}
	return sums, by, nil
}

// errMissing is the error of a record without an answer.
var errMissing = errors.New(`the record has no "answer" to compare with`)

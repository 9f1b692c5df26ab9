package prefer

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"gorgonia.org/tensor"
)

// Drawn is a sample of a policy.
type Drawn struct {
	Prompt, Completion []int32
	Masked             bool      // nothing of it is learned; default false
	Learn              []bool    `json:",omitempty"` // which tokens of the completion are learned, the others being only read; nil for all
	Advantage          float32   //
	Old                []float32 // log-probabilities of the completion's tokens when it was drawn; nil where rows have none
	Reference          []float32 // those of a reference; nil where rows have none
}

// SamplesConfig says what rows of samples have.
type SamplesConfig struct {
	Length         int  // T: the most tokens of a prompt with its completion, less one, > 0
	Old, Reference bool // rows have OldLogProbs, ReferenceLogProbs; default false
	// Sampled is what rows have under that name; 0 leaves it out.
	Sampled float32
}

// Learned returns how many tokens of the sample are learned.
func (d Drawn) Learned() int {
	switch {
	case d.Masked:
		return 0
	case d.Learn == nil:
		return len(d.Completion)
	}
	n := 0
	for _, learned := range d.Learn {
		if learned {
			n++
		}
	}
	return n
}

// Samples is a dataset of a sample in each row, for GRPO. It knows the sizes of its rows.
type Samples struct {
	samples []Drawn
	config  SamplesConfig
}

// NewSamples makes rows of samples. There may be none, for their layout alone.
func NewSamples(samples []Drawn, c SamplesConfig) (*Samples, error) {
	for i, s := range samples {
		n := len(s.Completion)
		if len(s.Prompt) == 0 || n == 0 || len(s.Prompt)+n-1 > c.Length {
			return nil, fmt.Errorf("prefer: sample %d of %d has a prompt of %d tokens and a completion of %d, expected some of each and at most %d, less one",
				i+1, len(samples), len(s.Prompt), n, c.Length+1)
		}
		if s.Learn != nil && len(s.Learn) != n {
			return nil, fmt.Errorf("prefer: sample %d of %d tells of %d tokens whether they are learned, and has %d", i+1, len(samples), len(s.Learn), n)
		}
		if c.Old && len(s.Old) != n || c.Reference && len(s.Reference) != n {
			return nil, fmt.Errorf("prefer: sample %d of %d has %d log-probabilities and %d of a reference for %d tokens", i+1, len(samples), len(s.Old), len(s.Reference), n)
		}
	}
	if c.Length < 1 {
		return nil, fmt.Errorf("prefer: samples in rows of %d tokens", c.Length)
	}
	return &Samples{samples, c}, nil
}

// Len returns the number of samples.
func (s *Samples) Len() int { return len(s.samples) }

// Layout returns what a row has.
func (s *Samples) Layout() data.Layout {
	n := s.config.Length
	l := data.Layout{Inputs: []data.Input{texts(IDs, 0, n), texts(Targets, float64(data.Ignored), n), {Name: Advantage, Type: data.Float}}}
	for _, more := range []struct {
		name string
		has  bool
	}{{OldLogProbs, s.config.Old}, {ReferenceLogProbs, s.config.Reference}} {
		if more.has {
			in := texts(more.name, 0, n)
			in.Type = data.Float
			l.Inputs = append(l.Inputs, in)
		}
	}
	if s.config.Sampled != 0 {
		l.Inputs = append(l.Inputs, data.Input{Name: Sampled, Type: data.Float, Padding: 1})
	}
	return l
}

// Size returns how many tokens row i has.
func (s *Samples) Size(i int, _ string) int {
	return len(s.samples[i].Prompt) + len(s.samples[i].Completion) - 1
}

// Fill writes row i.
func (s *Samples) Fill(row data.Row, i int, _ uint64) {
	x := s.samples[i]
	targets := row.Ints(Targets)
	fillText(row.Ints(IDs), targets, x.Prompt, x.Completion, false)
	if x.Masked {
		for k := range targets {
			targets[k] = data.Ignored
		}
	}
	row.Floats(Advantage)[0] = x.Advantage
	at := len(x.Prompt) - 1
	for k, learned := range x.Learn {
		if !learned {
			targets[at+k] = data.Ignored
		}
	}
	learned := func(name string, values []float32) {
		into := row.Floats(name)[at:]
		for k, v := range values {
			if x.Learn == nil || x.Learn[k] {
				into[k] = v
			}
		}
	}
	if s.config.Old && !x.Masked {
		learned(OldLogProbs, x.Old)
	}
	if s.config.Reference && !x.Masked {
		learned(ReferenceLogProbs, x.Reference)
	}
	if s.config.Sampled != 0 {
		row.Floats(Sampled)[0] = s.config.Sampled
	}
}

// LogProbs finds the log-probabilities that a model gives the tokens of completions, so many rows at a time, > 0.
func (s *Samples) LogProbs(ctx context.Context, m Model, rows int) (found [][]float32, err error) {
	if rows < 1 || len(m.Params()) == 0 || len(s.samples) == 0 {
		return nil, fmt.Errorf("prefer: log-probabilities of %d samples, %d at a time, by a model of %d parameters, expected some of each", len(s.samples), rows, len(m.Params()))
	}
	plain := &Samples{s.samples, SamplesConfig{Length: 1}}
	for i := range s.samples {
		plain.config.Length = max(plain.config.Length, s.Size(i, ""))
	}
	n := plain.config.Length
	b := data.NewBatch(min(rows, s.Len()), plain.Layout())
	g := graph.New(graph.Config{DType: m.Params()[0].DType()})
	ids, targets := g.Input(IDs, tensor.Int32, b.Rows, n), g.Input(Targets, tensor.Int32, b.Rows, n)
	losses := m.TokenLosses(g, ids, targets, nil)
	machine, err := graph.Compile(g, losses)
	if err != nil {
		return nil, fmt.Errorf("prefer: %w", err)
	}
	defer func() { err = errors.Join(err, machine.Close()) }()
	for first := 0; first < s.Len(); first += b.Rows {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := data.FillSequential(b, plain, first); err != nil {
			return nil, err
		}
		copy(graph.Ints(ids), b.Ints(IDs))
		copy(graph.Ints(targets), b.Ints(Targets))
		if err := machine.RunAll(); err != nil {
			return nil, fmt.Errorf("prefer: %w", err)
		}
		for i := range b.Filled {
			x := s.samples[first+i]
			values := make([]float32, len(x.Completion))
			for k := range values {
				at := i*n + len(x.Prompt) - 1 + k
				if single := graph.Floats[float32](losses); single != nil {
					values[k] = -single[at]
				} else {
					values[k] = float32(-graph.Floats[float64](losses)[at])
				}
			}
			found = append(found, values)
		}
	}
	return found, nil
}

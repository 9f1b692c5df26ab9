package models

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/layers"
	"gorgonia.org/tensor"
)

// Generate continues a prompt, token by token. When the model's context is full,
// its oldest tokens are left out. The sequence ends after MaxNewTokens, a Stop
// token or an error, which is the last element; cancelling ctx is such an error.
func Generate(ctx context.Context, m CausalLM, prompt []int32, c GenerateConfig) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := generate(ctx, m, prompt, c, yield); err != nil {
			yield(0, err)
		}
	}
}

func generate(ctx context.Context, m CausalLM, prompt []int32, c GenerateConfig, yield func(int32, error) bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if len(prompt) == 0 {
		return fmt.Errorf("models: generate: the prompt is empty; give it at least one token")
	}
	s := &sampler{config: c}
	scorer := &scorer{model: m}
	defer scorer.close()
	ids := slices.Clone(prompt)
	for n := range c.MaxNewTokens {
		if err := ctx.Err(); err != nil {
			return err
		}
		logits, err := scorer.next(ids[max(0, len(ids)-m.ContextLength()):])
		if err != nil {
			return err
		}
		id, err := s.choose(logits, uint64(n))
		if err != nil {
			return err
		}
		ids = append(ids, id)
		if !yield(id, nil) || slices.Contains(c.Stop, id) {
			return nil
		}
	}
	return nil
}

// A scorer computes the logits of the token that follows a text. Texts are
// padded at their end, which causal models don't see, to a multiple of a few
// tokens, so that a trace serves several lengths.
type scorer struct {
	model   CausalLM
	length  int // T of the trace
	ids, at *graph.Node
	logits  *graph.Node
	machine *graph.Machine
}

// lengthStep is what the lengths of traces are multiples of.
const lengthStep = 32

// next returns the logits [V] after ids. They are valid until the next call.
func (s *scorer) next(ids []int32) ([]float32, error) {
	length := min((len(ids)+lengthStep-1)/lengthStep*lengthStep, s.model.ContextLength())
	if length != s.length {
		if err := s.trace(length); err != nil {
			return nil, err
		}
	}
	in := graph.Ints(s.ids)
	clear(in[copy(in, ids):])
	graph.Ints(s.at)[0] = int32(len(ids) - 1)
	if err := s.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("models: generate: %w", err)
	}
	return graph.Floats[float32](s.logits), nil
}

// trace traces the model for texts of a length and the scores of one position.
func (s *scorer) trace(length int) error {
	s.close()
	g := graph.New(graph.Config{})
	s.ids = g.Input("ids", tensor.Int32, 1, length)
	s.at = g.Input("at", tensor.Int32, 1)
	hidden := s.model.Hidden(g, s.ids, layers.Pass{})
	if g.Err() == nil {
		hidden = g.Reshape(hidden, length, hidden.Shape()[2])
	}
	s.logits = s.model.Head(g, g.Embedding(hidden, s.at))
	machine, err := graph.Compile(g, s.logits)
	if err != nil {
		return fmt.Errorf("models: generate: %w", err)
	}
	s.machine, s.length = machine, length
	return nil
}

func (s *scorer) close() {
	if s.machine != nil {
		s.machine.Close()
		s.machine, s.length = nil, 0
	}
}

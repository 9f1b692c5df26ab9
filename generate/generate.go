package generate

import (
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/seahorse-ml/seahorse/layers"
)

// Stream writes the text for a prompt, token by token: what follows it, or what an Encoder
// writes about it, without the start token. When the model's context is full, the oldest
// tokens are left out. The sequence ends after MaxNewTokens, a Stop token or an error, which
// is the last element; cancelling ctx is such an error.
func Stream(ctx context.Context, m Model, prompt []int32, c Config) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		err := write(ctx, m, [][]int32{prompt}, c, func(_ int, id int32) bool { return yield(id, nil) })
		if err != nil {
			yield(0, err)
		}
	}
}

// Batch writes the texts for several prompts side by side, and returns the new tokens of each.
// Prompt i draws the random numbers of stream c.Stream + i, so that the first gets what Stream gives it.
func Batch(ctx context.Context, m Model, prompts [][]int32, c Config) ([][]int32, error) {
	out := make([][]int32, len(prompts))
	err := write(ctx, m, prompts, c, func(i int, id int32) bool {
		out[i] = append(out[i], id)
		return true
	})
	return out, err
}

// write calls yield for each token of each text until it returns false.
func write(ctx context.Context, m Model, prompts [][]int32, c Config, yield func(text int, id int32) bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	texts, sources, err := begin(m, prompts)
	if err != nil {
		return err
	}
	longest := 0
	for _, t := range texts {
		longest = max(longest, len(t.ids))
	}
	s := newScorer(m, sources, len(texts), longest, c.MaxNewTokens, layers.NewCache)
	defer s.close()
	return writeOn(ctx, s, texts, c, yield)
}

// writeOn continues texts by a scorer.
func writeOn(ctx context.Context, s *scorer, texts []text, c Config, yield func(text int, id int32) bool) error {
	room := s.model.ContextLength()
	begun, ended := make([]int, len(texts)), make([]bool, len(texts))
	samplers := make([]*sampler, len(texts))
	for i, t := range texts {
		samplers[i], begun[i] = &sampler{config: c, stream: c.Stream + uint64(i), begun: len(t.ids)}, len(t.ids)
	}
	for n := range c.MaxNewTokens {
		if err := ctx.Err(); err != nil {
			return err
		}
		logits, err := s.next(texts)
		if err != nil {
			return err
		}
		if c.Watch != nil {
			c.Watch(n)
		}
		for i := range texts {
			id, err := samplers[i].choose(logits[i], texts[i].ids, uint64(n))
			if err != nil {
				return err
			}
			texts[i].add(id, room)
			if ended[i] {
				continue // what follows the end is computed beside the others and dropped
			}
			ended[i] = slices.Contains(c.Stop, id) || c.Ended != nil && c.Ended(texts[i].ids[begun[i]:])
			if !yield(i, id) {
				return nil
			}
		}
		if !slices.Contains(ended, false) {
			return nil
		}
	}
	return nil
}

// begin returns what is written on from for each prompt: the prompt, cut to the model's
// context, or an Encoder's start token with what it made of the prompts.
func begin(m Model, prompts [][]int32) ([]text, *encoded, error) {
	if len(prompts) == 0 {
		return nil, nil, errors.New("generate: no prompts")
	}
	texts := make([]text, len(prompts))
	if e, ok := m.(Encoder); ok {
		sources, err := encode(m, e, prompts)
		for i := range texts {
			texts[i].ids = []int32{e.StartToken()}
		}
		return texts, sources, err
	}
	for i, prompt := range prompts {
		if err := checkIDs(m, "prompt", prompt); err != nil {
			return nil, nil, err
		}
		texts[i] = text{ids: slices.Clone(prompt), first: max(0, len(prompt)-m.ContextLength())}
	}
	return texts, nil, nil
}

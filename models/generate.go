package models

import (
	"context"
	"fmt"
	"iter"
	"slices"
)

// Generate continues a prompt, token by token. When the model's context is full,
// its oldest tokens are left out. The sequence ends after MaxNewTokens, a Stop
// token or an error, which is the last element; cancelling ctx is such an error.
func Generate(ctx context.Context, m CausalLM, prompt []int32, c GenerateConfig) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		err := generate(ctx, m, [][]int32{prompt}, c, func(_ int, id int32) bool { return yield(id, nil) })
		if err != nil {
			yield(0, err)
		}
	}
}

// GenerateBatch continues several prompts at once, and returns what follows each of
// them. Prompt i draws the random numbers of stream i, so that the first gets what
// Generate gives it.
func GenerateBatch(ctx context.Context, m CausalLM, prompts [][]int32, c GenerateConfig) ([][]int32, error) {
	out := make([][]int32, len(prompts))
	err := generate(ctx, m, prompts, c, func(i int, id int32) bool {
		out[i] = append(out[i], id)
		return true
	})
	return out, err
}

// generate calls yield for each token of each text until it returns false.
func generate(ctx context.Context, m CausalLM, prompts [][]int32, c GenerateConfig, yield func(text int, id int32) bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	texts, err := prepare(m, prompts)
	if err != nil {
		return err
	}
	longest := 0
	samplers := make([]*sampler, len(texts))
	for i, t := range texts {
		samplers[i] = &sampler{config: c, stream: uint64(i), seen: t.ids}
		longest = max(longest, len(t.ids))
	}
	s := newScorer(m, len(texts), longest+c.MaxNewTokens)
	defer s.close()
	ended := make([]bool, len(texts))
	for n := range c.MaxNewTokens {
		if err := ctx.Err(); err != nil {
			return err
		}
		logits, err := s.next(texts)
		if err != nil {
			return err
		}
		for i := range texts {
			id, err := samplers[i].choose(logits[i], uint64(n))
			if err != nil {
				return err
			}
			texts[i].add(id, m.ContextLength())
			samplers[i].seen = texts[i].ids
			if ended[i] {
				continue // what follows the end is computed beside the others and dropped
			}
			ended[i] = slices.Contains(c.Stop, id)
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

// prepare checks prompts and cuts them to the model's context.
func prepare(m CausalLM, prompts [][]int32) ([]text, error) {
	if len(prompts) == 0 {
		return nil, fmt.Errorf("models: generate: no prompts")
	}
	texts := make([]text, len(prompts))
	for i, prompt := range prompts {
		if len(prompt) == 0 {
			return nil, fmt.Errorf("models: generate: the prompt is empty; give it at least one token")
		}
		for k, id := range prompt {
			if id < 0 || int(id) >= m.VocabSize() {
				return nil, fmt.Errorf("models: generate: id %d at position %d of the prompt is outside of the vocabulary of %d", id, k, m.VocabSize())
			}
		}
		texts[i] = text{ids: slices.Clone(prompt), first: max(0, len(prompt)-m.ContextLength())}
	}
	return texts, nil
}

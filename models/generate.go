package models

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/seahorse-ml/seahorse/layers"
)

// Generate continues a prompt, token by token. When the model's context is full,
// its oldest tokens are left out. The sequence ends after MaxNewTokens, a Stop
// token or an error, which is the last element; cancelling ctx is such an error.
func Generate(ctx context.Context, m CausalLM, prompt []int32, c GenerateConfig) iter.Seq2[int32, error] {
	return stream(func(yield func(int, int32) bool) error {
		return generate(ctx, m, nil, [][]int32{prompt}, c, yield)
	})
}

// GenerateBatch continues several prompts at once, and returns what follows each of
// them. Prompt i draws the random numbers of stream i, so that the first gets what
// Generate gives it.
func GenerateBatch(ctx context.Context, m CausalLM, prompts [][]int32, c GenerateConfig) ([][]int32, error) {
	return gather(len(prompts), func(yield func(int, int32) bool) error {
		return generate(ctx, m, nil, prompts, c, yield)
	})
}

// GenerateFrom writes the text that a model finds for a source, token by token
// without the start token; see Generate.
func GenerateFrom(ctx context.Context, m Seq2Seq, source []int32, c GenerateConfig) iter.Seq2[int32, error] {
	return stream(func(yield func(int, int32) bool) error {
		return generateFrom(ctx, m, [][]int32{source}, c, yield)
	})
}

// GenerateBatchFrom writes the texts for several sources at once; see GenerateBatch.
func GenerateBatchFrom(ctx context.Context, m Seq2Seq, sources [][]int32, c GenerateConfig) ([][]int32, error) {
	return gather(len(sources), func(yield func(int, int32) bool) error {
		return generateFrom(ctx, m, sources, c, yield)
	})
}

// stream turns a function that yields the tokens of one text into an iterator.
func stream(run func(yield func(int, int32) bool) error) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := run(func(_ int, id int32) bool { return yield(id, nil) }); err != nil {
			yield(0, err)
		}
	}
}

// gather collects the tokens of several texts.
func gather(texts int, run func(yield func(int, int32) bool) error) ([][]int32, error) {
	out := make([][]int32, texts)
	err := run(func(i int, id int32) bool {
		out[i] = append(out[i], id)
		return true
	})
	return out, err
}

func generateFrom(ctx context.Context, m Seq2Seq, sources [][]int32, c GenerateConfig, yield func(text int, id int32) bool) error {
	mem, err := remember(m, sources)
	if err != nil {
		return err
	}
	starts := slices.Repeat([][]int32{{m.StartToken()}}, len(sources))
	return generate(ctx, m, mem, starts, c, yield)
}

// generate calls yield for each token of each text until it returns false.
func generate(ctx context.Context, m continuer, mem *memory, prompts [][]int32, c GenerateConfig, yield func(text int, id int32) bool) error {
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
		samplers[i] = &sampler{config: c, stream: uint64(i)}
		longest = max(longest, len(t.ids))
	}
	s := newScorer(m, mem, len(texts), longest, c.MaxNewTokens, layers.NewCache)
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
			id, err := samplers[i].choose(logits[i], texts[i].ids, uint64(n))
			if err != nil {
				return err
			}
			texts[i].add(id, m.ContextLength())
			if ended[i] {
				continue // what follows the end is computed beside the others and dropped
			}
			ended[i] = slices.Contains(c.Stop, id) || c.Ended != nil && c.Ended(texts[i].ids[len(prompts[i]):])
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
func prepare(m Model, prompts [][]int32) ([]text, error) {
	if len(prompts) == 0 {
		return nil, fmt.Errorf("models: generate: no prompts")
	}
	texts := make([]text, len(prompts))
	for i, prompt := range prompts {
		if err := checkIDs(m, "prompt", prompt); err != nil {
			return nil, err
		}
		texts[i] = text{ids: slices.Clone(prompt), first: max(0, len(prompt)-m.ContextLength())}
	}
	return texts, nil
}

// checkIDs refuses an empty text and ids that the model doesn't have.
func checkIDs(m Model, what string, ids []int32) error {
	if len(ids) == 0 {
		return fmt.Errorf("models: generate: the %s is empty; give it at least one token", what)
	}
	for i, id := range ids {
		if id < 0 || int(id) >= m.VocabSize() {
			return fmt.Errorf("models: generate: id %d at position %d of the %s is outside of the vocabulary of %d", id, i, what, m.VocabSize())
		}
	}
	return nil
}

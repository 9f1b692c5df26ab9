package generate

import (
	"context"
	"fmt"
	"iter"

	"github.com/seahorse-ml/seahorse/layers"
)

// Session writes texts one after the other of which each begins as the one before, as the turns of
// a conversation do. What they have in common isn't read again.
type Session struct {
	model  Model
	scorer *scorer
	length int
	known  int // tokens of the last prompt that weren't read again
}

// NewSession makes room for texts of so many tokens; 0 takes the model's context. A session is for
// models without an Encoder.
func NewSession(m Model, length int) (*Session, error) {
	if _, about := m.(Encoder); about {
		return nil, fmt.Errorf("generate: session: a %T writes about texts, and continues none", m)
	}
	if length < 0 || length > m.ContextLength() {
		return nil, fmt.Errorf("generate: session: %d tokens, expected 0 to the model's context of %d", length, m.ContextLength())
	}
	if length == 0 {
		length = m.ContextLength()
	}
	return &Session{model: m, scorer: newScorer(m, nil, 1, length, 0, layers.NewCache), length: length}, nil
}

// readAgain is how many tokens are read at once in the time that one takes by itself, or fewer.
const readAgain = 16

// Stream continues a prompt as the function of that name does. Where the prompt and the new tokens
// are longer than the session's room, it ends there.
func (s *Session) Stream(ctx context.Context, prompt []int32, c Config) iter.Seq2[int32, error] {
	return func(yield func(int32, error) bool) {
		if err := s.stream(ctx, prompt, c, func(id int32) bool { return yield(id, nil) }); err != nil {
			yield(0, err)
		}
	}
}

func (s *Session) stream(ctx context.Context, prompt []int32, c Config, yield func(id int32) bool) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if err := checkIDs(s.model, "prompt", prompt); err != nil {
		return err
	}
	if len(prompt) >= s.length {
		return fmt.Errorf("generate: session: a prompt of %d tokens leaves no room for an answer in %d", len(prompt), s.length)
	}
	c.MaxNewTokens = min(c.MaxNewTokens, s.length-len(prompt))
	if err := s.read(ctx, prompt); err != nil {
		return err
	}
	return writeOn(ctx, s.scorer, []text{{ids: append([]int32{}, prompt...)}}, c, func(_ int, id int32) bool { return yield(id) })
}

// read makes the cache hold all of a prompt but its last token, where that is quicker than to read
// the whole prompt.
func (s *Session) read(ctx context.Context, prompt []int32) error {
	known := 0
	if len(s.scorer.seen) == 1 {
		seen := s.scorer.seen[0].ids
		for known < min(len(seen), len(prompt)-1) && seen[known] == prompt[known] {
			known++
		}
	}
	if known == 0 || (len(prompt)-known)*readAgain > len(prompt) {
		s.scorer.seen, s.known = s.scorer.seen[:0], 0
		return nil
	}
	s.known = known
	s.scorer.seen = []text{{ids: prompt[:known]}}
	for n := known + 1; n < len(prompt); n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := s.scorer.next([]text{{ids: prompt[:n]}}); err != nil {
			return err
		}
	}
	return nil
}

// Known returns how many tokens of the last prompt were known from what was written before.
func (s *Session) Known() int { return s.known }

// Close gives the session's memory back.
func (s *Session) Close() { s.scorer.close() }

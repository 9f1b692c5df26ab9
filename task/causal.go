package task

import (
	"context"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/models"
)

// Causal is learning the next token: of texts, and of pairs of prompt and completion that of the
// completions.
type Causal struct{}

// Name is "causal".
func (Causal) Name() string { return "causal" }

// Fits is true of decoders.
func (Causal) Fits(m models.Model) bool {
	_, ok := m.(models.CausalLM)
	return ok
}

// Head returns none: a decoder has its own.
func (Causal) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Vocabulary is any.
func (Causal) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Causal) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Encode makes a stream of documents, each with the tokens that frame and end a text.
func (Causal) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	tokens, err := c.texts(ctx, s, data.EncodeConfig{EndOfText: true, AddSpecial: true})
	return tokens, Report{}, err
}

// Rows makes windows of a stream; several documents are packed, and none sees another.
func (Causal) Rows(c RowsConfig) (Rows, error) {
	return c.streamed(
		func(t *data.Tokens, documents bool) (data.Dataset, error) {
			if documents {
				return rows(data.NewPacked(t, c.Length))
			}
			return rows(data.NewWindows(t, c.Length))
		},
		func(t *data.Tokens, documents bool) (data.Dataset, error) {
			if documents {
				return rows(data.NewPacked(t, c.Length))
			}
			return rows(data.NewSequential(t, c.Length))
		})
}

// EvalRows makes windows that don't overlap; pairs have a row each.
func (Causal) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	if c.Tokens.Targets() < c.Tokens.Len() {
		return evalRows(data.NewPadded(c.Tokens, c.Length))
	}
	return evalRows(data.NewSequential(oneText(c.Tokens, c.Tokenizer), c.Length))
}

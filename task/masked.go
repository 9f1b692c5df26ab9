package task

import (
	"context"
	"errors"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// Masked is finding tokens that are hidden, by those on both sides.
type Masked struct{}

// Name is "masked".
func (Masked) Name() string { return "masked" }

// Fits is true of encoders with a head for masked tokens.
func (Masked) Fits(m models.Model) bool {
	_, ok := m.(*models.MaskedLM)
	return ok
}

// Head returns a head for masked tokens.
func (Masked) Head(data.Labels) (models.Head, bool) {
	return models.Head{Task: models.TaskMasked}, true
}

// Vocabulary is one of word pieces, with tokens that frame a text and hide others.
func (Masked) Vocabulary() (string, []string) {
	return "wordpiece", []string{"[PAD]", "[CLS]", "[SEP]", "[MASK]"}
}

// Labels returns none.
func (Masked) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Encode makes a stream of documents without the tokens that frame a text, even where the documents have them; rows get them when
// they are made.
func (Masked) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	var blank blankRecords
	tokens, err := c.texts(ctx, s, data.EncodeConfig{Unframed: true, Blank: blank.add})
	return tokens, Report{Blank: blank.report()}, err
}

// Rows hides tokens of windows of a stream, or of packed documents.
func (Masked) Rows(c RowsConfig) (Rows, error) {
	m, err := masking(c)
	if err != nil {
		return Rows{}, err
	}
	hidden := func(t *data.Tokens, documents bool) (data.Dataset, error) {
		m := m
		m.Documents = documents
		return rows(data.NewMasked(t, c.Length, m))
	}
	return c.streamed(hidden, hidden)
}

// EvalRows hides tokens as Rows does.
func (Masked) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	m, err := masking(c)
	if err != nil {
		return nil, nil, err
	}
	m.Documents = ofDocuments(c.Tokens)
	return evalRows(data.NewMasked(c.Tokens, c.Length, m))
}

// masking returns how the tokens of a tokenizer are hidden, each row between the tokens that frame a text, if it has them.
func masking(c RowsConfig) (data.MaskingConfig, error) {
	t := c.Tokenizer
	mask, ok := namedSpecial(t, "mask_token", "[MASK]", "<mask>")
	if !ok {
		return data.MaskingConfig{}, errors.New("task: the tokenizer has no token that stands for a hidden one, such as [MASK], which the objective masked needs")
	}
	m := data.DefaultMasking(mask)
	for _, role := range []string{"bos_token", "eos_token", "unk_token", "pad_token", "cls_token", "sep_token"} {
		if id, ok := t.Special(role); ok {
			m.Special = append(m.Special, id)
		}
	}
	first, hasFirst := namedSpecial(t, "cls_token", "[CLS]", "<s>")
	last, hasLast := namedSpecial(t, "sep_token", "[SEP]", "</s>")
	if hasFirst && hasLast {
		m.Frame = []int32{first, last}
	}
	m.Vocab, m.Seed = min(c.Model.VocabSize(), t.VocabSize()), c.Seed
	return m, nil
}

// namedSpecial returns the token of a role, or else the first of the usual names that the tokenizer has.
func namedSpecial(t *tokenizer.Tokenizer, role string, names ...string) (int32, bool) {
	if id, ok := t.Special(role); ok {
		return id, true
	}
	for _, name := range names {
		if id, ok := t.ID(name); ok {
			return id, true
		}
	}
	return 0, false
}

package task

import (
	"context"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/models"
)

// Seq2Seq is writing one text about another, by an encoder and a decoder.
type Seq2Seq struct{}

// Name is "seq2seq".
func (Seq2Seq) Name() string { return "seq2seq" }

// Fits is true of encoder-decoders.
func (Seq2Seq) Fits(m models.Model) bool {
	_, ok := m.(models.Seq2Seq)
	return ok
}

// Head returns none: an encoder-decoder has its own.
func (Seq2Seq) Head(data.Labels) (models.Head, bool) { return models.Head{}, false }

// Vocabulary is any.
func (Seq2Seq) Vocabulary() (string, []string) { return "", nil }

// Labels returns none.
func (Seq2Seq) Labels(*data.Source) (data.Labels, error) { return data.Labels{}, nil }

// Encode makes a document of each pair of source and target text.
func (Seq2Seq) Encode(ctx context.Context, s *data.Source, c Encoding) (*data.Tokens, Report, error) {
	tokens, err := c.texts(ctx, s, data.EncodeConfig{EndOfText: true, AddSpecial: true, Pairs: true})
	return tokens, Report{}, err
}

// Rows makes a row of each pair.
func (Seq2Seq) Rows(c RowsConfig) (Rows, error) {
	var cut []Cut
	r, err := c.examples(func(t *data.Tokens) (data.Dataset, error) {
		p, err := pairs(c, t)
		if err == nil {
			cut = append(cut, cutPairs(p, c)...)
		}
		return p, err
	})
	r.Cut = cut
	return r, err
}

// EvalRows makes a row of each pair.
func (Seq2Seq) EvalRows(c RowsConfig) (data.Dataset, []Cut, error) {
	p, err := pairs(c, c.Tokens)
	if err != nil {
		return nil, nil, err
	}
	return p, cutPairs(p, c), nil
}

// pairs makes rows of sources and target texts for a model that writes the one about the other.
func pairs(c RowsConfig, tokens *data.Tokens) (*data.Pairs, error) {
	writer, ok := c.Model.(models.Seq2Seq)
	if !ok {
		return nil, fmt.Errorf("task: objective %s: the model doesn't write one text about another", Seq2Seq{}.Name())
	}
	p := data.PairsConfig{Length: c.Length, SourceLength: c.SourceLength, Start: writer.StartToken(), End: -1}
	if end, ok := c.Tokenizer.EndOfText(); ok {
		p.End = end
	}
	return data.NewPairs(tokens, p)
}

// cutPairs tells how many texts of pairs are too long.
func cutPairs(p *data.Pairs, c RowsConfig) []Cut {
	var all []Cut
	sources, targets := p.Cut()
	if sources > 0 {
		all = append(all, Cut{"source", sources, p.Len(), c.SourceLength})
	}
	if targets > 0 {
		all = append(all, Cut{"target text", targets, p.Len(), c.Length})
	}
	return all
}

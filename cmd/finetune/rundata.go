package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// runData is what a run learns from and is validated on.
type runData struct {
	train      data.Dataset
	validation data.Dataset // nil without validation
	documents  bool         // rows hold whole documents, which attention keeps apart
	stream     *data.Tokens // the text to learn from
	held       *data.Tokens // validation data of its own, or nil
	files      []*data.TokenFile
	cut        []string // what was too long for a row, in words
}

// openData maps the encoded data in a directory. Rows are made of it by makeRows.
func openData(o *trainingOptions, dir string) (*runData, error) {
	d := &runData{}
	var err error
	if d.stream, err = d.file(filepath.Join(dir, tokensName)); err == nil && o.ValidationData != "" {
		d.held, err = d.file(filepath.Join(dir, validationName))
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *runData) file(path string) (*data.Tokens, error) {
	f, err := data.OpenTokens(path)
	if err != nil {
		return nil, err
	}
	d.files = append(d.files, f)
	return f.Tokens, nil
}

func (d *runData) close() error {
	var errs []error
	for _, f := range d.files {
		errs = append(errs, f.Close())
	}
	return errors.Join(errs...)
}

// makeRows makes the rows that a job's objective learns from.
func (d *runData) makeRows(j job, m trainable, t *tokenizer.Tokenizer) error {
	o := j.common()
	switch objective := j.objective(); {
	case objective == seq2seq:
		return d.examples(o, func(tokens *data.Tokens) (data.Dataset, error) { return d.pairs(o, m, t, tokens) })
	case labelled(objective):
		return d.examples(o, func(tokens *data.Tokens) (data.Dataset, error) { return data.NewLabelled(tokens, *o.SeqLen) })
	}
	if o.GroupByLength {
		return fmt.Errorf("--group-by-length is for pairs and labelled texts; of the objective %s, all rows are full", j.objective())
	}
	d.documents = j.documents(d.stream)
	train, validation, err := d.split(o, t)
	if err != nil {
		return err
	}
	d.stream = train
	rows, evaluation := d.causalRows, d.causalEvaluation
	if j.objective() == masked {
		c, err := maskingConfig(t, m.VocabSize(), o.Seed)
		if err != nil {
			return err
		}
		c.Documents = d.documents
		rows = func(tokens *data.Tokens, length int) (data.Dataset, error) { return data.NewMasked(tokens, length, c) }
		evaluation = rows
	}
	if d.train, err = rows(train, *o.SeqLen); err != nil || validation == nil {
		return err
	}
	if d.validation, err = evaluation(validation, *o.SeqLen); err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	return nil
}

// causalRows makes rows to learn from, and causalEvaluation rows to validate on.
func (d *runData) causalRows(t *data.Tokens, length int) (data.Dataset, error) {
	if d.documents {
		return data.NewPacked(t, length)
	}
	return data.NewWindows(t, length)
}

func (d *runData) causalEvaluation(t *data.Tokens, length int) (data.Dataset, error) {
	if d.documents {
		return data.NewPacked(t, length)
	}
	return data.NewSequential(t, length)
}

// split keeps the end of a text, or of several documents, apart for validation.
func (d *runData) split(o *trainingOptions, t *tokenizer.Tokenizer) (train, validation *data.Tokens, err error) {
	train = d.stream
	if !d.documents {
		train = oneText(train, t)
	}
	switch {
	case d.held != nil:
		if validation = d.held; !d.documents {
			validation = oneText(validation, t)
		}
	case o.ValidationSplit == 0:
	case d.documents:
		if train, validation, err = train.SplitDocuments(o.ValidationSplit); err != nil {
			err = fmt.Errorf("%w, or go without by --validation-split 0", err)
		}
	default:
		train, validation, err = train.Split(o.ValidationSplit)
	}
	return train, validation, err
}

// examples makes rows of which each is an example, and keeps some apart for validation that chance draws.
func (d *runData) examples(o *trainingOptions, rows func(*data.Tokens) (data.Dataset, error)) error {
	d.documents = true
	all, err := rows(d.stream)
	if err != nil {
		return err
	}
	d.train = all
	switch {
	case d.held != nil:
		if d.validation, err = rows(d.held); err != nil {
			return fmt.Errorf("validation: %w", err)
		}
	case o.ValidationSplit > 0:
		train, validation, err := data.SplitRows(all, o.ValidationSplit, o.Seed)
		if err != nil {
			return fmt.Errorf("%w; give more, or go without by --validation-split 0", err)
		}
		d.train, d.validation = train, validation
	}
	return nil
}

// pairs makes rows of sources and target texts, and notes how many are too long.
func (d *runData) pairs(o *trainingOptions, m trainable, t *tokenizer.Tokenizer, tokens *data.Tokens) (data.Dataset, error) {
	p, err := newPairs(m, t, tokens, *o.SeqLen, *o.MaxSourceLength)
	if err != nil {
		return nil, err
	}
	sources, targets := p.Cut()
	if sources > 0 {
		d.cut = append(d.cut, fmt.Sprintf("%s of %s cut to %d tokens (--max-source-length)", plural(sources, "source"), grouped(int64(p.Len())), *o.MaxSourceLength))
	}
	if targets > 0 {
		d.cut = append(d.cut, fmt.Sprintf("%s of %s cut to %d tokens (--seq-len)", plural(targets, "target text"), grouped(int64(p.Len())), *o.SeqLen))
	}
	return p, nil
}

// newPairs makes rows of sources and target texts for a model that writes the one about the other.
func newPairs(m models.Model, t *tokenizer.Tokenizer, tokens *data.Tokens, length, sourceLength int) (*data.Pairs, error) {
	writer, ok := m.(models.Seq2Seq)
	if !ok {
		return nil, fmt.Errorf("--objective %s: the model doesn't write one text about another", seq2seq)
	}
	c := data.PairsConfig{Length: length, SourceLength: sourceLength, Start: writer.StartToken(), End: -1}
	if end, ok := t.EndOfText(); ok {
		c.End = end
	}
	return data.NewPairs(tokens, c)
}

// ofDocuments tells documents, of which none is to see another, from a plain text. Records are documents, be it one alone.
func ofDocuments(t *data.Tokens) bool {
	return t.Records() || t.Documents() > 1 || t.Targets() < t.Len()
}

// oneText leaves out the token that ends the text where there is only one plain text: it separates nothing.
func oneText(text *data.Tokens, t *tokenizer.Tokenizer) *data.Tokens {
	end, ok := t.EndOfText()
	if n := text.Len(); ok && n > 0 && !text.Records() && text.Documents() == 1 && text.At(n-1) == end {
		return text.Slice(0, n-1)
	}
	return text
}

package main

import (
	"errors"
	"fmt"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// runData is what a run learns from and is validated on.
type runData struct {
	train      data.Dataset
	validation data.Dataset // nil without validation
	documents  bool         // rows hold whole documents, which attention keeps apart
	stream     *data.Tokens // the text to learn from
	files      []*data.TokenFile
}

// openData makes rows of the encoded data in a directory.
func openData(j job, t *tokenizer.Tokenizer, dir string) (*runData, error) {
	d := &runData{}
	if err := d.open(j, t, dir); err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

func (d *runData) open(j job, t *tokenizer.Tokenizer, dir string) error {
	o := j.common()
	train, err := d.file(filepath.Join(dir, tokensName))
	if err != nil {
		return err
	}
	if d.documents = j.documents(train); !d.documents {
		train = oneText(train, t)
	}
	var validation *data.Tokens
	switch {
	case o.ValidationData != "":
		if validation, err = d.file(filepath.Join(dir, validationName)); err == nil && !d.documents {
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
	if err != nil {
		return err
	}
	d.stream = train
	if d.train, err = d.rows(train, *o.SeqLen); err != nil || validation == nil {
		return err
	}
	if d.documents {
		d.validation, err = data.NewPacked(validation, *o.SeqLen)
	} else {
		d.validation, err = data.NewSequential(validation, *o.SeqLen)
	}
	if err != nil {
		return fmt.Errorf("validation: %w", err)
	}
	return nil
}

// rows makes rows to learn from.
func (d *runData) rows(t *data.Tokens, length int) (data.Dataset, error) {
	if d.documents {
		return data.NewPacked(t, length)
	}
	return data.NewWindows(t, length)
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

// oneText leaves out the token that ends the text where there is only one: it separates nothing.
func oneText(text *data.Tokens, t *tokenizer.Tokenizer) *data.Tokens {
	end, ok := t.EndOfText()
	if n := text.Len(); ok && n > 0 && text.Documents() == 1 && text.At(n-1) == end {
		return text.Slice(0, n-1)
	}
	return text
}

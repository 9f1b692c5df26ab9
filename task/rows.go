package task

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// RowsConfig says what rows are made of.
type RowsConfig struct {
	Model        models.Model // that learns from the rows; a sketch will do
	Tokenizer    *tokenizer.Tokenizer
	Tokens       *data.Tokens
	Held         *data.Tokens // validation data of its own, or nil
	Split        float64      // share of the data that is kept apart for validation without Held; 0 goes without
	Length       int          // T: tokens in a row, or the most tokens of a text or target text
	SourceLength int          // S: the most tokens of a source
	Stream       bool         // rows of texts cross the ends of documents, as pretraining has it; default false
	Seed         uint64       // of what chance draws or hides
	Dir          string       // where the tokens lie with what belongs to them; "" where they are in memory
}

// Rows are what a run learns from and is validated on.
type Rows struct {
	Train      data.Dataset
	Validation data.Dataset // nil without validation
	Documents  bool         // rows hold whole documents, which attention keeps apart
	Text       *data.Tokens // what is learned
	Cut        []Cut

	opened     []io.Closer // files that rows are read from, which the run closes
	references []referred  // the data whole, and validation data of their own, whose rows have the log-probabilities of a reference
}

// ErrSplit is the error of data too small to keep a share of them apart.
var ErrSplit = errors.New("task: the data are too small to keep some apart for validation")

// texts encodes texts and pairs.
func (c Encoding) texts(ctx context.Context, s *data.Source, e data.EncodeConfig) (*data.Tokens, error) {
	e.Progress = c.Progress
	if c.Path == "" {
		return data.Encode(ctx, s, c.Tokenizer, e)
	}
	e.Origins = true
	return nil, data.EncodeFile(ctx, c.Path, s, c.Tokenizer, e)
}

// makeRows makes rows of tokens, which are documents or a stream.
type makeRows func(t *data.Tokens, documents bool) (data.Dataset, error)

// streamed makes rows of texts, and keeps the end of a text, or of several documents, apart.
func (c RowsConfig) streamed(learned, held makeRows) (Rows, error) {
	r := Rows{Documents: !c.Stream && ofDocuments(c.Tokens)}
	var validation *data.Tokens
	var err error
	if r.Text, validation, err = c.split(r.Documents); err != nil {
		return r, err
	}
	if r.Train, err = learned(r.Text, r.Documents); err != nil || validation == nil {
		return r, err
	}
	if r.Validation, err = held(validation, r.Documents); err != nil {
		err = fmt.Errorf("validation: %w", err)
	}
	return r, err
}

// split keeps the end of a text, or of several documents, apart for validation.
func (c RowsConfig) split(documents bool) (text, validation *data.Tokens, err error) {
	text = c.Tokens
	if !documents {
		text = oneText(text, c.Tokenizer)
	}
	switch {
	case c.Held != nil:
		if validation = c.Held; !documents {
			validation = oneText(validation, c.Tokenizer)
		}
	case c.Split == 0:
	case documents:
		if text, validation, err = text.SplitDocuments(c.Split); err != nil {
			err = splitError{err}
		}
	default:
		text, validation, err = text.Split(c.Split)
	}
	return text, validation, err
}

// examples makes rows of which each is an example, and keeps some apart for validation that chance draws.
func (c RowsConfig) examples(rows func(*data.Tokens) (data.Dataset, error)) (Rows, error) {
	r := Rows{Documents: true, Text: c.Tokens}
	var err error
	if r.Train, err = rows(c.Tokens); err != nil {
		return r, err
	}
	switch {
	case c.Held != nil:
		if r.Validation, err = rows(c.Held); err != nil {
			err = fmt.Errorf("validation: %w", err)
		}
	case c.Split > 0:
		train, validation, err := data.SplitRows(r.Train, c.Split, c.Seed)
		if err != nil {
			return r, splitError{err}
		}
		r.Train, r.Validation = train, validation
	}
	return r, err
}

// splitError is an ErrSplit that says what of the data is missing.
type splitError struct{ error }

func (splitError) Is(target error) bool { return target == ErrSplit }

// rows makes the dataset of a constructor; an error has no typed nil beside it.
func rows[D data.Dataset](d D, err error) (data.Dataset, error) {
	if err != nil {
		return nil, err
	}
	return d, nil
}

// evalRows is rows where nothing was cut.
func evalRows[D data.Dataset](d D, err error) (data.Dataset, []Cut, error) {
	made, err := rows(d, err)
	return made, nil, err
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

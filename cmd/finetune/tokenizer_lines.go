package main

import (
	"context"
	"io"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// tokenizerLines is what `finetune tokenizer encode` and `decode` have in common: they go through lines with a tokenizer.
type tokenizerLines struct {
	Tokenizer string `required:"" placeholder:"DIR|FILE" help:"A tokenizer or model directory, or a tokenizer's file."`
	Data      string `default:"-" placeholder:"FILE|-" help:"Lines to go through. Default: standard input."`
}

// open returns the tokenizer, the lines and what closes them.
func (c *tokenizerLines) open(ctx context.Context, s *streams) (*tokenizer.Tokenizer, io.Reader, func() error, error) {
	t, err := loadTokenizer(s, c.Tokenizer)
	if err != nil {
		return nil, nil, nil, err
	}
	in, closeInput, err := openText(c.Data, s.in)
	return t, in, closeInput, err
}

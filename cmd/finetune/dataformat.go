package main

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/data"
)

// dataFormat is the option of commands that read texts.
type dataFormat struct {
	DataFormat string `enum:",text,jsonl,csv,tsv" default:"" placeholder:"text|jsonl|csv|tsv" help:"What the data are: plain text, JSON lines or a table. Default: what the end of a file's name says, and standard input is plain text."`
}

// open finds the data of a path.
func (f dataFormat) open(path string, s *streams) (*data.Source, error) {
	source, err := data.OpenSourceAs(path, s.in, data.Format(f.DataFormat))
	if errors.Is(err, data.ErrFormat) {
		return nil, fmt.Errorf("%w, by --data-format", err)
	}
	return source, err
}

package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/task"
)

// rowPrompts are the options by which prompts are made of records.
type rowPrompts struct {
	Template string   `placeholder:"FILE" help:"A prompt for each record of --rows: a text/template of Go over its fields, such as \"Translate: {{.text}}\"."`
	Rows     []string `sep:"none" placeholder:"FILE|DIR|-" help:"The records that --template is filled in with: .jsonl, .json, .csv, .tsv or .parquet. May be given several times."`
}

// filled returns the prompts that the template makes of the records.
func (p rowPrompts) filled(stdin io.Reader) ([]string, error) {
	switch {
	case p.Template == "" && len(p.Rows) == 0:
		return nil, nil
	case p.Template == "" || len(p.Rows) == 0:
		return nil, errors.New("--template is filled in with --rows: give both")
	}
	text, err := os.ReadFile(p.Template)
	if err != nil {
		return nil, err
	}
	s, err := data.Open(data.SourceConfig{Paths: p.Rows, Stdin: stdin})
	if err != nil {
		return nil, err
	}
	prompts, err := task.FilledPrompts(s, filepath.Base(p.Template), string(text))
	return prompts, errors.Join(err, s.Close())
}

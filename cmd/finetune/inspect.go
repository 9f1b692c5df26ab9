package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/data/tokenizer/inspect"
	"github.com/seahorse-ml/seahorse/internal/atomicfile"
	"github.com/seahorse-ml/seahorse/internal/screen"
)

// shownTokens is how many of the unused and of the unreachable tokens are listed.
const shownTokens = 20

// sampleText is what tokenizers are shown on where the user gives no text.
const sampleText = "Hello world, 你好! It's 2024."

// tokenizerInspectCommand is `finetune tokenizer inspect`.
type tokenizerInspectCommand struct {
	Tokenizer string   `required:"" placeholder:"DIR|FILE" help:"A tokenizer or model directory, or a tokenizer's file."`
	Text      []string `placeholder:"TEXT" sep:"none" help:"Text to show split into tokens; may be given several times."`
	Data      string   `placeholder:"FILE|DIR|-" help:"Corpus to count on: tokens a word, character and byte, unused tokens."`
	Threads   int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	dataFormat
}

// Help is shown below the command's summary.
func (tokenizerInspectCommand) Help() string {
	return `Examples:

    finetune tokenizer inspect --tokenizer tok --text "Hello world"
    finetune tokenizer inspect --tokenizer tok --data corpus.txt`
}

// Run shows splits and figures.
func (c *tokenizerInspectCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	useThreads(c.Threads)
	named, err := loadNamed(c.Tokenizer)
	if err != nil {
		return err
	}
	if len(c.Text) == 0 && c.Data == "" {
		c.Text = []string{sampleText}
	}
	for _, text := range c.Text {
		if err := showSplit(s.out, named[0], text); err != nil {
			return err
		}
	}
	if c.Data == "" {
		return nil
	}
	stats, err := c.measure(ctx, s, named, c.Data)
	if err != nil {
		return err
	}
	if err := inspect.WriteTable(s.out, stats); err != nil {
		return err
	}
	showTokens(s.out, "unused", named[0].Tokenizer, stats[0].Unused())
	showTokens(s.out, "unreachable", named[0].Tokenizer, stats[0].Unreachable)
	return nil
}

// tokenizerCompareCommand is `finetune tokenizer compare`.
type tokenizerCompareCommand struct {
	Tokenizers []string `arg:"" name:"tokenizer" help:"Tokenizer or model directories, or tokenizers' files."`
	Data       string   `required:"" placeholder:"FILE|DIR|-" help:"Corpus to count on."`
	Text       []string `placeholder:"TEXT" sep:"none" help:"Text to show split into tokens; may be given several times."`
	HTML       string   `name:"html" placeholder:"FILE" help:"Write a report to this file as well."`
	Threads    int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use."`

	dataFormat
}

// Help is shown below the command's summary.
func (tokenizerCompareCommand) Help() string {
	return `Example:

    finetune tokenizer compare tok-4k tok-32k --data corpus.txt --html report.html`
}

// Run shows the tokenizers' splits and figures, and writes the report.
func (c *tokenizerCompareCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	useThreads(c.Threads)
	named, err := loadNamed(c.Tokenizers...)
	if err != nil {
		return err
	}
	stats, err := c.measure(ctx, s, named, c.Data)
	if err != nil {
		return err
	}
	if len(c.Text) == 0 {
		c.Text = []string{sampleText}
	}
	for _, text := range c.Text {
		for _, n := range named {
			fmt.Fprintf(s.out, "%s:\n", n.Name)
			if err := showSplit(s.out, n, text); err != nil {
				return err
			}
		}
	}
	if err := inspect.WriteTable(s.out, stats); err != nil {
		return err
	}
	if c.HTML == "" {
		return nil
	}
	return atomicfile.Write(c.HTML, func(w io.Writer) error {
		return inspect.WriteHTML(w, "Tokenizers on "+filepath.Base(c.Data), named, stats, c.Text)
	})
}

// loadNamed reads tokenizers and names them by their paths.
func loadNamed(paths ...string) ([]inspect.Named, error) {
	var named []inspect.Named
	for _, path := range paths {
		t, err := tokenizer.Load(path)
		if err != nil {
			return nil, err
		}
		named = append(named, inspect.Named{Name: strings.TrimRight(path, "/"), Tokenizer: t})
	}
	return named, nil
}

// measure counts what tokenizers make of the corpus at path.
func (f dataFormat) measure(ctx context.Context, s *streams, named []inspect.Named, path string) ([]*inspect.Stats, error) {
	source, err := f.open([]string{path}, "", 0, s)
	if err != nil {
		return nil, interrupted(ctx, err)
	}
	defer source.Close()
	stats, err := inspect.Compare(ctx, named, source.Documents())
	return stats, interrupted(ctx, err)
}

// showSplit prints a text taken apart, in colours on a terminal.
func showSplit(out io.Writer, n inspect.Named, text string) error {
	if err := inspect.WriteSplit(out, n.Tokenizer, []byte(text), screen.Lively(out)); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, "\n%s\n\n", plural(len(n.Tokenizer.AppendIDs(nil, []byte(text), false)), "token"))
	return err
}

// showTokens lists some tokens of a kind.
func showTokens(out io.Writer, kind string, t *tokenizer.Tokenizer, ids []int32) {
	fmt.Fprintf(out, "%s: %s", kind, plural(len(ids), "token"))
	for i, id := range ids[:min(len(ids), shownTokens)] {
		token, _ := t.Token(id)
		separator := ", "
		if i == 0 {
			separator = ": "
		}
		fmt.Fprintf(out, "%s%d %q", separator, id, token)
	}
	if len(ids) > shownTokens {
		fmt.Fprint(out, ", …")
	}
	fmt.Fprintln(out)
}

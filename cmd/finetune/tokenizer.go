package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// tokenizerCommand groups what can be done with a tokenizer alone.
type tokenizerCommand struct {
	Train  tokenizerTrainCommand  `cmd:"" help:"Learn a tokenizer from text."`
	Encode tokenizerEncodeCommand `cmd:"" help:"Turn lines of text into lines of ids."`
	Decode tokenizerDecodeCommand `cmd:"" help:"Turn lines of ids into lines of text."`

	Inspect tokenizerInspectCommand `cmd:"" help:"Show how a tokenizer splits texts, and its figures on a corpus."`
	Compare tokenizerCompareCommand `cmd:"" help:"Show several tokenizers side by side."`
}

// tokenizerTrainCommand is `finetune tokenizer train`.
type tokenizerTrainCommand struct {
	Data         string   `required:"" placeholder:"FILE|DIR|-" help:"Text to learn from: a file, a folder, or - for standard input."`
	OutputDir    string   `required:"" placeholder:"DIR" help:"Where to write tokenizer.json and tokenizer_config.json."`
	Model        string   `default:"bpe" enum:"bpe,char,word,wordpiece,unigram" placeholder:"KIND" help:"Kind: ${enum} (${default})."`
	VocabSize    *int     `placeholder:"N" help:"Tokens to stop at, special ones included; a small text may yield fewer. Default: 8000, or no bound for characters."`
	MinFrequency int64    `default:"0" placeholder:"N" help:"How often a pair, word or character must occur to count (${default})."`
	MaxMemory    byteSize `placeholder:"SIZE" help:"Bound on the memory for the words of the text, such as 512MB. Default: none."`
	Threads      int      `default:"0" placeholder:"N" help:"Threads to count on. Default: all cores. The result does not depend on it."`
}

// Help is shown below the command's summary.
func (tokenizerTrainCommand) Help() string {
	return `Examples:

    finetune tokenizer train --data corpus.txt --vocab-size 8000 --output-dir tok
    zcat *.gz | finetune tokenizer train --data - --model char --output-dir tok`
}

// Run trains and saves the tokenizer.
func (c *tokenizerTrainCommand) Run(ctx context.Context, s *streams) error {
	if err := atLeast("threads", &c.Threads, 0); err != nil {
		return err
	}
	path := filepath.Join(c.OutputDir, "tokenizer.json")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is already there; give another --output-dir", path)
	}
	useThreads(c.Threads)
	config := tokenizer.NewTrainConfig(c.Model)
	if c.VocabSize != nil {
		config.VocabSize = *c.VocabSize
	}
	config.MinFrequency, config.MaxMemory, config.Threads = c.MinFrequency, int64(c.MaxMemory), c.Threads
	if err := config.Validate(); err != nil {
		return err
	}
	source, err := data.OpenSource(c.Data, s.in)
	if err != nil {
		return err
	}
	defer source.Close()
	t, err := trainTokenizer(ctx, s, config, source)
	if err != nil {
		return err
	}
	if err := t.Save(c.OutputDir); err != nil {
		return err
	}
	fmt.Fprintf(s.out, "wrote a tokenizer of %s tokens to %s\n", grouped(int64(t.VocabSize())), c.OutputDir)
	return nil
}

// trainTokenizer learns a tokenizer from a source and shows how far it is.
func trainTokenizer(ctx context.Context, s *streams, config tokenizer.TrainConfig, source *data.Source) (*tokenizer.Tokenizer, error) {
	m := newMeter(s.err, "learning a tokenizer")
	defer m.done()
	config.Progress = func(p tokenizer.Progress) {
		if p.Total > 0 {
			m.show(p.Done, p.Total)
		} else {
			m.show(0, 0)
		}
	}
	t, err := tokenizer.Train(ctx, config, source.Documents())
	return t, interrupted(ctx, err)
}

// byteSize is a number of bytes, written with a unit: 512MB, 2GiB, 1000.
type byteSize int64

var byteUnits = map[string]int64{
	"": 1, "b": 1,
	"k": 1 << 10, "kb": 1000, "kib": 1 << 10,
	"m": 1 << 20, "mb": 1000_000, "mib": 1 << 20,
	"g": 1 << 30, "gb": 1000_000_000, "gib": 1 << 30,
}

// UnmarshalText reads a size as a person writes it.
func (b *byteSize) UnmarshalText(text []byte) error {
	s := strings.ToLower(strings.TrimSpace(string(text)))
	digits := strings.TrimRight(s, "kmgib ")
	unit, ok := byteUnits[strings.TrimSpace(s[len(digits):])]
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !ok || !(n >= 0) || n*float64(unit) > 1<<62 {
		return fmt.Errorf("expected a size such as 512MB or 2GiB, got %q", text)
	}
	*b = byteSize(n * float64(unit))
	return nil
}

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
	Data          []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Text to learn from: a file, a folder, or - for standard input."`
	OutputDir     string   `required:"" placeholder:"DIR" help:"Where to write tokenizer.json and tokenizer_config.json."`
	Model         string   `default:"bpe" enum:"bpe,char,word,wordpiece,unigram" placeholder:"KIND" help:"Kind: ${enum} (${default})."`
	VocabSize     *int     `placeholder:"N" help:"Tokens to stop at, special ones included; a small text may yield fewer. Default: 8000, or no bound for characters."`
	MinFrequency  int64    `default:"0" placeholder:"N" help:"How often a pair, word or character must occur to count (${default}); not for unigram."`
	SpecialTokens []string `placeholder:"TOKEN,…" help:"Special tokens in the place of the kind's own; they come first in the vocabulary."`
	Split         string   `default:"" enum:",gpt2,cl100k,qwen2" placeholder:"gpt2|cl100k|qwen2" help:"bpe: by whose pattern text is taken apart; qwen2 also composes characters (NFC). Default: gpt2."`
	ByteFallback  bool     `help:"bpe: merge characters and spell rare ones as bytes, as Llama does, in the place of merging bytes, as GPT-2 does."`
	Coverage      *float64 `placeholder:"SHARE" help:"unigram, and bpe with --byte-fallback: share of the text whose characters have tokens of their own. Default: 0.9995."`
	Cased         *bool    `negatable:"" help:"wordpiece, word: keep upper case apart. Default: yes for word, no for wordpiece."`
	Chinese       bool     `help:"word: segment Chinese by a dictionary. Hugging Face's libraries can't run such a tokenizer."`
	MaxMemory     byteSize `placeholder:"SIZE" help:"Bound on the memory for the words of the text, such as 512MB; beyond it temporary files are used. Default: none."`
	TempDir       string   `placeholder:"DIR" help:"Where such files go. Default: the system's folder."`
	Threads       int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use. The result does not depend on it."`

	dataFormat
}

// Help is shown below the command's summary.
func (tokenizerTrainCommand) Help() string {
	return `Examples:

    finetune tokenizer train --data corpus.txt --vocab-size 8000 --output-dir tok
    finetune tokenizer train --data texts/ --model unigram --vocab-size 32000 --max-memory 2GB --output-dir tok
    zcat *.gz | finetune tokenizer train --data - --model char --output-dir tok`
}

// Run trains and saves the tokenizer.
func (c *tokenizerTrainCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	path := filepath.Join(c.OutputDir, "tokenizer.json")
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is already there; give another --output-dir", path)
	}
	useThreads(c.Threads)
	config, err := c.config()
	if err != nil {
		return err
	}
	source, err := c.open(c.Data, data.TrainPart, 0, s)
	if err != nil {
		return interrupted(ctx, err)
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

// config returns what the flags ask for.
func (c *tokenizerTrainCommand) config() (tokenizer.TrainConfig, error) {
	config := tokenizer.NewTrainConfig(c.Model)
	if c.VocabSize != nil {
		config.VocabSize = *c.VocabSize
	}
	if c.SpecialTokens != nil {
		config.Special = c.SpecialTokens
	}
	if c.Split != "" {
		if c.Model != "bpe" || c.ByteFallback {
			return config, errors.New("--split is for bpe without --byte-fallback")
		}
		config.Split = c.Split
	}
	if c.Coverage != nil {
		if c.Model != "unigram" && !c.ByteFallback {
			return config, errors.New("--coverage is for unigram, and for bpe with --byte-fallback")
		}
		config.Coverage = *c.Coverage
	}
	if c.Cased != nil {
		if c.Model != "wordpiece" && c.Model != "word" {
			return config, fmt.Errorf("--cased is for wordpiece and word; %s always keeps upper case apart", c.Model)
		}
		config.Cased = *c.Cased
	}
	if c.MinFrequency != 0 && c.Model == "unigram" {
		return config, errors.New("--min-frequency is not for unigram")
	}
	config.MinFrequency, config.ByteFallback, config.Chinese = c.MinFrequency, c.ByteFallback, c.Chinese
	config.MaxMemory, config.TempDir, config.Threads = int64(c.MaxMemory), c.TempDir, c.Threads
	return config, config.Validate()
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

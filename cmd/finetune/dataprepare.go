package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/curate"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// dataPrepareCommand is `finetune data prepare`.
type dataPrepareCommand struct {
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"Records to prepare: files, folders, patterns, or - for standard input. Several may be given, each with its share of the records behind a colon: a.jsonl:0.7."`
	OutputDir string   `required:"" placeholder:"DIR" help:"Where train.*, validation.* and test.* go. The report goes beside it, to DIR-report.json."`
	Format    string   `enum:"jsonl,parquet" default:"jsonl" placeholder:"jsonl|parquet" help:"What is written (${default})."`
	Tokenizer string   `placeholder:"DIR" help:"Write token files of texts and pairs too, to DIR-tokens, by this tokenizer, each document with its end: for programs in Go, by data.OpenTokens. The commands that train make their own of the records."`

	Teacher      string `placeholder:"DIR" help:"Let this model read the records, and keep what it holds probable behind each token in DIR-teacher.bin, for sft and pretrain --teacher."`
	TopK         int    `default:"${preparetops}" placeholder:"K" help:"With --teacher: how many tokens are kept behind each one (${default})."`
	SeqLen       int    `default:"${preparelength}" placeholder:"T" help:"With --teacher: the --seq-len of the training that is to come (${default})."`
	ChatTemplate string `placeholder:"FILE|NAME" help:"With --teacher: the --chat-template of that training. Default: that of the model whose tokenizer it is."`

	MinLength       int     `default:"0" placeholder:"N" help:"The least characters of a record's text."`
	MaxLength       int     `default:"0" placeholder:"N" help:"The most characters of a record's text. 0 sets no bound."`
	Limit           int     `default:"0" placeholder:"N" help:"Take at most so many records. 0 takes all."`
	Shuffle         bool    `help:"Put the records into a random order."`
	ValidationSplit float64 `default:"0" placeholder:"X" help:"Share of the records for validation.*, drawn by chance (${default})."`
	TestSplit       float64 `default:"0" placeholder:"X" help:"Share of the records for test.* (${default})."`
	Seed            uint64  `default:"1337" placeholder:"N" help:"Seed of what chance decides (${default})."`

	dataFormat
	curationFlags
}

// The defaults of what means nothing without --teacher.
const usualTops, usualLength = 32, 512

// Help is shown below the command's summary.
func (dataPrepareCommand) Help() string {
	return `Records of all shapes are taken: texts, pairs, instructions, conversations, preferences, triplets and labelled texts. Columns of other names
are written under those that the shapes have. The stages come in this order: empty records, lengths, --match and --reject, duplicates,
the order, --limit, the split, and of train.* what --augment adds. The report names what each took out, and where it was. Commands that train
have these stages too.

With --teacher, records become tokens as "finetune sft" makes them of them, by --tokenizer or else the teacher's own. The file takes 8 times --top-k bytes
for each token; any number of runs can learn from it, without the teacher. Under mpirun, the ranks share what the teacher reads; the rest is done by one of them.

Examples:

    finetune data prepare --data talks.jsonl.zst --dedup near --validation-split 0.02 --output-dir prepared
    finetune data prepare --data a.csv --text-column body --min-length 50 --reject '(?i)lorem ipsum' --output-dir prepared
    finetune data prepare --data big.jsonl:0.7 --data small.parquet:0.3 --shuffle --format parquet --output-dir mixed
    finetune data prepare --data talks.jsonl --teacher SmolLM2-135M-Instruct --validation-split 0.05 --output-dir talks
    finetune sft --model smollm2 --data prepared --output-dir runs/talks`
}

// Run prepares the records. Of several ranks, rank 0 does, and the others read for the teacher.
func (c *dataPrepareCommand) Run(ctx context.Context, s *streams) error {
	config, err := c.config()
	if err != nil {
		return err
	}
	return together(s, 0, func(t team) error { return c.share(ctx, s, t, config) })
}

// share does what there is for a rank to do.
func (c *dataPrepareCommand) share(ctx context.Context, s *streams, ranks team, config curate.Config) error {
	if err := ranks.same(*c, map[string]string{}); err != nil {
		return err
	}
	if ranks.Rank() > 0 {
		return c.serve(ctx, ranks)
	}
	return c.run(ctx, s, ranks, config)
}

// run prepares the records, with other ranks to read for the teacher or alone.
func (c *dataPrepareCommand) run(ctx context.Context, s *streams, ranks team, config curate.Config) error {
	source, err := c.open(c.Data, data.TrainPart, c.Seed, s)
	if err != nil {
		return err
	}
	defer source.Close()
	set, err := curate.Run(ctx, source, config)
	if err != nil {
		return interrupted(ctx, err)
	}
	defer set.Close()
	names, err := set.Write(c.OutputDir, data.Format(c.Format))
	if err != nil {
		return err
	}
	if c.Tokenizer != "" {
		if err := c.encode(ctx, names); err != nil {
			return interrupted(ctx, err)
		}
	}
	if c.Teacher != "" {
		if err := c.teach(ctx, s, ranks, names); err != nil {
			return interrupted(ctx, err)
		}
	}
	set.Report.Print(s.out)
	return nil
}

// config returns what is to be done.
func (c *dataPrepareCommand) config() (curate.Config, error) {
	config, err := c.curationFlags.config(c.Seed)
	if c.Teacher == "" && (c.TopK != usualTops || c.SeqLen != usualLength) {
		return config, errors.New("--top-k and --seq-len are for --teacher")
	}
	config.MinLength, config.MaxLength, config.Shuffle, config.Limit = c.MinLength, c.MaxLength, c.Shuffle, c.Limit
	config.Validation, config.Test = c.ValidationSplit, c.TestSplit
	const mostTops = 1 << 16 // eight bytes each, behind every token
	if err := errors.Join(err, config.Validate(), between("top-k", &c.TopK, 1, mostTops), atLeast("seq-len", &c.SeqLen, 1)); err != nil {
		return config, err
	}
	return config, c.read(config.Augment)
}

// encode writes the token files of the parts.
func (c *dataPrepareCommand) encode(ctx context.Context, names []string) error {
	t, err := tokenizer.Load(c.Tokenizer)
	if err != nil {
		return err
	}
	folder := filepath.Clean(c.OutputDir) + "-tokens"
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, name := range names {
		s, err := data.OpenSource(name, nil)
		if err != nil {
			return err
		}
		path := filepath.Join(folder, strings.TrimSuffix(filepath.Base(name), filepath.Ext(name))+".bin")
		if _, err := os.Lstat(path); err == nil {
			return fmt.Errorf("%s is already there", path)
		}
		if err := data.EncodeFile(ctx, path, s, t, data.EncodeConfig{EndOfText: true, AddSpecial: true}); err != nil {
			return err
		}
	}
	return nil
}

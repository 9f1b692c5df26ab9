package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/models"
)

// Defaults of sft. Rows are no longer than the model's context.
const (
	sftEpochs = 3
	sftSeqLen = 512
)

// sftCommand is `finetune sft`.
type sftCommand struct {
	Model     string `group:"model" required:"" placeholder:"DIR" help:"The model to start from: a model or run directory."`
	Data      string `group:"data" required:"" placeholder:"FILE|DIR|-" help:"What to learn: a text, or JSON lines (.jsonl) or a table with a header (.csv, .tsv) of texts, pairs or labelled texts."`
	NewHead   bool   `group:"model" help:"Give a classifier or regression a new head for the labels of the data in place of its trained one."`
	Objective string `group:"data" enum:",causal,masked,seq2seq,classification,token-classification,regression" default:"" placeholder:"NAME" help:"What is learned: causal, masked, seq2seq, classification, token-classification or regression. Default: what the model's head is for."`

	trainingOptions

	OutputDir string `group:"run" required:"" placeholder:"DIR" help:"Directory of the run."`

	base models.Model // a sketch of the one to start from, once it is known
}

// Help is shown below the command's summary.
func (sftCommand) Help() string {
	return fmt.Sprintf(`What the data looks like, a document a line or row, for each objective:

    causal, masked        {"text": …}                           or a plain text, learned as one stream
    causal, seq2seq       {"prompt": …, "completion": …}        or {"source": …, "target": …}; only the second is learned
    classification        {"text": …, "label": "name"}          and "text_pair" for pairs of texts
    regression            {"text": …, "label": 1.5}             or a list of numbers
    token-classification  {"tokens": […], "labels": […]}        JSON lines only

Documents of a causal or masked model share rows, and none sees another. An encoder gets a new head where it has none for the
objective; its labels are in the config.json of the model that results, and "finetune classify" applies it. A trained head is kept: labels
mean its classes by their names, also in another case, or by their numbers (1, "1", "LABEL_1"; false and true for two). Where it doesn't
know one of them, --new-head replaces it.
Defaults: %d epochs in batches of 8, learning rate 5e-5, at most %d tokens in a row.

Examples:

    finetune sft --model runs/opticks --data more.txt --output-dir runs/more
    finetune sft --model gpt2 --data pairs.jsonl --num-train-epochs 2 --output-dir runs/pairs
    finetune sft --model bert --data reviews.csv --objective classification --output-dir runs/reviews
    zcat pairs.jsonl.gz | head -1000 | finetune sft --model gpt2 --data - --data-format jsonl --output-dir runs/part
    finetune sft --model t5-small --data pairs.jsonl --max-source-length 256 --seq-len 128 --output-dir runs/summaries`, sftEpochs, sftSeqLen)
}

// Run prepares the run and trains.
func (c *sftCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

// resolve looks at the model and fills in what the user left open, as far as it doesn't depend on the data.
func (c *sftCommand) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	if err := c.absolutePaths(&c.Data, &c.Model); err != nil {
		return err
	}
	if err := c.sketchBase(); err != nil {
		return err
	}
	context := c.base.ContextLength()
	c.trainingOptions.resolve(trainingDefaults{
		seqLen: min(context, sftSeqLen), batchSize: 8, warmupSteps: 10, learningRate: 5e-5, weightDecay: 0.01, beta2: 0.999,
	})
	if *c.SeqLen > context {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, context)
	}
	if *c.MaxSourceLength > context {
		return fmt.Errorf("--max-source-length %d: the model's context is %d tokens", *c.MaxSourceLength, context)
	}
	return c.validate()
}

// sketchBase looks at the model to start from and finds out what is learned.
func (c *sftCommand) sketchBase() error {
	var err error
	if c.base, err = models.Open(c.Model, models.OpenConfig{Edit: c.edit(), Sketch: true}); err != nil {
		return err
	}
	has := objectiveOf(c.base)
	if c.Objective == "" {
		c.Objective = has
	}
	switch {
	case c.Objective == "":
		return fmt.Errorf("%s holds an encoder without a head; say what it is to learn by --objective %s, %s, %s or %s", c.Model, masked, classification, tokenClassification, regression)
	case c.Objective != has && (!isEncoder(c.base) || c.Objective == causal || c.Objective == seq2seq):
		return fmt.Errorf("--objective %s: the model in %s learns %s", c.Objective, c.Model, learns(c.base))
	}
	return nil
}

// edit returns what sets --dropout in a config.json; nil without --dropout.
func (c *sftCommand) edit() func(config map[string]any) {
	if c.Dropout == nil {
		return nil
	}
	return models.WithDropout(*c.Dropout)
}

// The methods below make sftCommand a job.

func (c *sftCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *sftCommand) paths() (corpus, outputDir string) { return c.Data, c.OutputDir }

func (c *sftCommand) objective() string { return c.Objective }

func (c *sftCommand) modelType() (string, error) { return modelType(c.Model) }

func (c *sftCommand) openTokenizer(_ context.Context, s *streams, _ *data.Source) (*tokenizer.Tokenizer, error) {
	return loadTokenizer(s, c.Model)
}

// openLabels keeps the labels of the model's head where it knows all that are found. It isn't replaced unless that is asked for.
func (c *sftCommand) openLabels(found data.Labels) (data.Labels, error) {
	known := labelsOf(c.base)
	if known.Kind != found.Kind || c.NewHead {
		return found, nil
	}
	if found.Kind == data.Regression {
		if len(known.Names) != len(found.Names) {
			return known, fmt.Errorf("%s: labels of %s, and the trained head of the model finds %d; --new-head replaces it by a new one", c.Data, plural(len(found.Names), "value"), len(known.Names))
		}
		return known, nil
	}
	if unknown := known.Unknown(found.Names); len(unknown) > 0 {
		return known, fmt.Errorf("%s: the trained head of the model doesn't know the labels %s; it knows %s, by name or number from 0; --new-head replaces it by a new one for the labels of the data",
			c.Data, firstOf(unknown, 10), firstOf(known.Names, 20))
	}
	return known, nil
}

// firstOf lists the first of some names, and how many more there are.
func firstOf(names []string, most int) string {
	shown := strings.Join(names[:min(most, len(names))], ", ")
	if more := len(names) - most; more > 0 {
		shown += fmt.Sprintf(" and %d more", more)
	}
	return shown
}

func (c *sftCommand) outline() (models.Model, error) { return c.base, nil }

func (c *sftCommand) openModel(_ *tokenizer.Tokenizer, l data.Labels, sketch bool) (trainable, error) {
	if c.base == nil {
		if err := c.sketchBase(); err != nil {
			return nil, err
		}
	}
	open := models.OpenConfig{Edit: c.edit(), Sketch: sketch}
	if _, ok := c.base.(trainable); ok && objectiveOf(c.base) == c.Objective && !c.replacesHead() && slices.Equal(labelsOf(c.base).Names, l.Names) {
		m, err := models.Open(c.Model, open)
		if err != nil {
			return nil, err
		}
		return m.(trainable), nil
	}
	head := models.Head{Labels: l.Names}
	switch c.Objective {
	case masked:
		head.Task = models.TaskMasked
	case tokenClassification:
		head.Task = models.TaskToken
	default:
		head.Task, head.Regression = models.TaskSequence, c.Objective == regression
	}
	open.Head, open.Seed = &head, c.Seed
	m, err := models.Open(c.Model, open)
	if err != nil {
		return nil, err
	}
	return m.(trainable), nil
}

// replacesHead tells whether the trained head is given up for a new one of the same kind.
func (c *sftCommand) replacesHead() bool { return c.NewHead && labelled(c.Objective) }

// documents tells a plain text from documents.
func (c *sftCommand) documents(t *data.Tokens) bool { return ofDocuments(t) }

func (c *sftCommand) defaultSteps(rows int) int { return c.stepsOf(sftEpochs, rows) }

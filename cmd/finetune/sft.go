package main

import (
	"context"
	"fmt"
	"slices"

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
objective and the labels; those are in the config.json of the model that results, and "finetune classify" applies it.
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
	if c.base, err = models.Sketch(c.Model, c.edit()); err != nil {
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

func (c *sftCommand) openTokenizer(context.Context, *streams, *data.Source) (*tokenizer.Tokenizer, error) {
	return tokenizer.Load(c.Model)
}

// openLabels keeps the labels of the model's head where it knows all that are found.
func (c *sftCommand) openLabels(found data.Labels) data.Labels {
	known := labelsOf(c.base)
	switch {
	case known.Kind != found.Kind:
		return found
	case found.Kind == data.Regression && len(known.Names) == len(found.Names):
		return known
	case slices.ContainsFunc(found.Names, func(name string) bool { return !slices.Contains(known.Names, name) }):
		return found
	}
	return known
}

func (c *sftCommand) outline() (models.Model, error) { return c.base, nil }

func (c *sftCommand) openModel(_ *tokenizer.Tokenizer, l data.Labels, sketch bool) (trainable, error) {
	if c.base == nil {
		if err := c.sketchBase(); err != nil {
			return nil, err
		}
	}
	open, openForTask := models.OpenEdited, models.OpenForTask
	if sketch {
		open, openForTask = models.Sketch, models.SketchForTask
	}
	if _, ok := c.base.(trainable); ok && objectiveOf(c.base) == c.Objective && slices.Equal(labelsOf(c.base).Names, l.Names) {
		m, err := open(c.Model, c.edit())
		if err != nil {
			return nil, err
		}
		return m.(trainable), nil
	}
	head := models.NewHeadConfig{Labels: l.Names, Seed: c.Seed, Edit: c.edit()}
	switch c.Objective {
	case masked:
		head.Task = models.TaskMasked
	case tokenClassification:
		head.Task = models.TaskToken
	default:
		head.Task, head.Regression = models.TaskSequence, c.Objective == regression
	}
	m, err := openForTask(c.Model, head)
	if err != nil {
		return nil, err
	}
	return m.(trainable), nil
}

// documents tells a plain text from JSON lines, which are several documents or have parts that are not to be learned.
func (c *sftCommand) documents(t *data.Tokens) bool {
	return t.Documents() > 1 || t.Targets() < t.Len()
}

func (c *sftCommand) defaultSteps(rows int) int { return c.stepsOf(sftEpochs, rows) }

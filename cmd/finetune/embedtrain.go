package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/embed"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// embedCommand is `finetune embed`.
type embedCommand struct {
	Train  embedTrainCommand  `cmd:"" help:"Teach an encoder or decoder to make vectors of texts."`
	Encode embedEncodeCommand `cmd:"" help:"Make vectors of texts."`
	Eval   embedEvalCommand   `cmd:"" help:"Measure what is found with a model's vectors, or how they agree with scores."`
	Mine   embedMineCommand   `cmd:"" help:"Find texts that are near to an anchor and don't belong to it, to learn from."`
	Static embedStaticCommand `cmd:"" help:"Make a table of vectors for tokens, from a model or from vectors of words."`
}

// Defaults of embed train; those of sentence-transformers where it has some.
const (
	embedEpochs = 1
	embedSeqLen = 256
)

// poolingOptions change how a model's states become a vector.
type poolingOptions struct {
	Pooling   string `enum:",mean,cls,lasttoken" default:"" placeholder:"mean|cls|lasttoken" help:"How the states of a text become one vector. Default: as the model's files say, else mean."`
	Normalize *bool  `negatable:"" help:"Give vectors the length 1. Default: as the model's files say, else not."`
}

// edit returns what changes the configuration of a model.
func (o poolingOptions) edit(prompts map[string]string) func(c *embed.Config) error {
	return func(c *embed.Config) error {
		if o.Pooling != "" {
			kind, err := embed.ParsePooling(o.Pooling)
			if err != nil {
				return err
			}
			c.Pooling = kind
		}
		if o.Normalize != nil {
			c.Normalize = *o.Normalize
		}
		if len(prompts) > 0 {
			c.Prompts = maps.Clone(c.Prompts)
			if c.Prompts == nil {
				c.Prompts = map[string]string{}
			}
			maps.Copy(c.Prompts, prompts)
		}
		return nil
	}
}

// embedTrainCommand is `finetune embed train`.
type embedTrainCommand struct {
	Model string   `group:"model" required:"" placeholder:"DIR" help:"The model to start from: a directory of sentence-transformers or model2vec, or any encoder or decoder."`
	Data  []string `group:"data" required:"" sep:"none" placeholder:"FILE|DIR|-" help:"What to learn: records (.jsonl, .json, .csv, .tsv, .parquet; gzip and zstd are unpacked): a file, a folder, a pattern, or - for standard input. Several may be given."`

	poolingOptions `group:"model"`
	QueryPrompt    string `group:"model" placeholder:"TEXT" help:"What stands before anchors, prompts and sources, kept as the model's prompt of queries."`
	DocumentPrompt string `group:"model" placeholder:"TEXT" help:"What stands before the texts that belong to them, kept as the model's prompt of documents."`

	Loss            string   `group:"optimization" default:"multiple_negatives" enum:"multiple_negatives,cosent,cosine,triplet,mse" placeholder:"NAME" help:"The loss (${default}): ${enum}."`
	Scale           float64  `group:"optimization" default:"20" placeholder:"X" help:"What cosines are multiplied by, of multiple_negatives and cosent (${default})."`
	Symmetric       bool     `group:"optimization" help:"multiple_negatives finds the anchor of a text too."`
	TripletMargin   float64  `group:"optimization" default:"5" placeholder:"X" help:"By how much the other text is to be farther, of triplet (${default})."`
	TripletDistance string   `group:"optimization" default:"euclidean" enum:"euclidean,cosine,manhattan" placeholder:"NAME" help:"What triplet measures by (${default}): ${enum}."`
	MatryoshkaDims  []string `group:"optimization" placeholder:"N,N,…" help:"Learn vectors of which the first so many elements alone are good too."`
	MatryoshkaRates []string `group:"optimization" name:"matryoshka-weights" placeholder:"X,X,…" help:"What the losses of --matryoshka-dims are multiplied by. Default: 1 each."`
	MiniBatchSize   int      `group:"optimization" default:"0" placeholder:"N" help:"Texts that go through the model at once where a batch has more, with the memory of so many and the result of all (GradCache). 0: all."`
	Teacher         string   `group:"optimization" placeholder:"DIR" help:"The model whose vectors are learned, of mse."`

	trainingOptions
	storageFlags `group:"model"`
	adapterFlag  `group:"model"`
	adapterOptions

	OutputDir string `group:"run" required:"" placeholder:"DIR" help:"Directory of the run."`
}

// Help is shown below the command's summary.
func (embedTrainCommand) Help() string {
	return fmt.Sprintf(`What the data look like, a record a line or row:

    {"anchor": "Who wrote it?", "positive": "It was written by …"}    multiple_negatives; any "negative", "negative_1", … that all records have,
                                                                      or a list of texts as "negative", are further texts not to be found
    {"prompt": …, "completion": …}, {"source": …, "target": …}        the same
    {"anchor": …, "positive": …, "negative": …}                       triplet
    {"text": "A cat.", "text_pair": "A kitten.", "label": 0.9}        cosent, cosine
    {"text": …}                                                       mse, with --teacher

Columns of other names are named by --anchor-column and the like. The run's directory is one of sentence-transformers; with an adapter it is one of peft too.
Defaults: %d epoch in batches of 32, learning rate 2e-5, of tables of vectors 0.01, at most %d tokens of a text, no dropout but the model's own.

Examples:

    finetune embed train --model all-MiniLM-L6-v2 --data pairs.jsonl --output-dir runs/embedder
    finetune embed train --model all-MiniLM-L6-v2 --data pairs.jsonl --batch-size 1024 --mini-batch-size 64 --output-dir runs/large
    finetune embed train --model all-MiniLM-L6-v2 --data pairs.jsonl --lora-r 16 --output-dir runs/adapter
    finetune embed train --model SmolLM2-135M --pooling lasttoken --normalize --data sts.csv --text-column sentence1 --text-pair-column sentence2 --label-column score --loss cosent --output-dir runs/sts
    finetune embed train --model runs/static --data texts.jsonl --loss mse --teacher all-MiniLM-L6-v2 --output-dir runs/taught`, embedEpochs, embedSeqLen)
}

// Run prepares the run and trains.
func (c *embedTrainCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

// resolve looks at the model and fills in what the user left open, as far as it doesn't depend on the data.
func (c *embedTrainCommand) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	if err != nil {
		return err
	}
	if err := c.checkPacked(a != nil); err != nil {
		return err
	}
	if err := c.absolutePaths(c.Data, &c.Model, &c.Teacher, &c.Adapter); err != nil {
		return err
	}
	if c.MiniBatchSize > 0 {
		c.GradientCheckpointing = true // or nothing were won by parts
	}
	m, err := c.base().Outline()
	if err != nil {
		return err
	}
	rate := 2e-5
	if _, static := m.(embed.Learner).Body.(*embed.Static); static {
		rate = 0.01
	}
	c.trainingOptions.resolve(trainingDefaults{seqLen: min(m.ContextLength(), embedSeqLen), batchSize: 32, warmupSteps: 100, learningRate: rate, weightDecay: 0, beta2: 0.999})
	if err := c.checkSource(""); err != nil {
		return err
	}
	if *c.SeqLen > m.ContextLength() {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, m.ContextLength())
	}
	return c.validate()
}

func (c *embedTrainCommand) validate() error {
	if err := c.trainingOptions.validate(); err != nil {
		return err
	}
	switch {
	case c.PromptTuning != nil:
		return errors.New("--prompt-tuning is for texts; vectors are learned by the whole model or by a low-rank adapter")
	case c.LabelSmoothing != 0 && c.Loss != string(embed.MultipleNegatives):
		return fmt.Errorf("--label-smoothing is for multiple_negatives, not for --loss %s", c.Loss)
	case (c.Teacher != "") != (c.Loss == string(embed.Distillation)):
		return errors.New("--teacher goes with --loss mse, and --loss mse with --teacher")
	}
	l, err := c.lossConfig()
	if err != nil {
		return err
	}
	if err := l.Validate(); err != nil {
		return errors.New(strings.TrimPrefix(err.Error(), "embed: "))
	}
	return nil
}

func (c *embedTrainCommand) lossConfig() (embed.LossConfig, error) {
	l := embed.LossConfig{
		Loss: embed.Loss(c.Loss), Scale: c.Scale, Symmetric: c.Symmetric, Margin: c.TripletMargin, Distance: embed.Distance(c.TripletDistance),
		MiniBatch: c.MiniBatchSize,
	}
	for _, text := range c.MatryoshkaDims {
		n, err := strconv.Atoi(text)
		if err != nil {
			return l, fmt.Errorf("--matryoshka-dims %s: expected whole numbers", text)
		}
		l.Dimensions = append(l.Dimensions, n)
	}
	for _, text := range c.MatryoshkaRates {
		w, err := strconv.ParseFloat(text, 64)
		if err != nil {
			return l, fmt.Errorf("--matryoshka-weights %s: expected numbers", text)
		}
		l.Weights = append(l.Weights, w)
	}
	return l, nil
}

func (c *embedTrainCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *embedTrainCommand) corpus() []string { return c.Data }

func (c *embedTrainCommand) modelType() (string, error) {
	if embed.IsStatic(c.Model) {
		return "", nil // of no family
	}
	folder, err := embed.Folder(c.Model)
	if err != nil {
		return "", err
	}
	return models.ModelType(folder)
}

func (c *embedTrainCommand) defaultSteps(rows int) int { return c.stepsOf(embedEpochs, rows) }

// objective returns what is learned.
func (c *embedTrainCommand) objective() task.Embedding {
	prompts := map[string]string{}
	if c.QueryPrompt != "" {
		prompts["query"] = c.QueryPrompt
	}
	if c.DocumentPrompt != "" {
		prompts["document"] = c.DocumentPrompt
	}
	loss, _ := c.lossConfig() // which validate has checked
	return task.Embedding{Loss: loss, Model: c.Model, Teacher: c.Teacher, Edit: c.edit(prompts)}
}

func (c *embedTrainCommand) base() task.Embedder {
	e := task.Embedder{Embedding: c.objective(), Dropout: c.Dropout}
	if a, err := c.adapter(c.adapterFlag, c.Model, c.Seed); err == nil && a != nil {
		e.Storage, _ = c.frozenStorage() // which resolve has checked
	}
	return e
}

// lighter returns the base and the adapter of a run in less memory.
func (c *embedTrainCommand) lighter(peft, fourBit bool) (task.Base, *task.Adaptation, error) {
	d := *c
	d.adapterOptions, d.storageFlags = c.adapterOptions.lighter(peft), c.storageFlags.lighter(fourBit)
	a, err := d.adapter(d.adapterFlag, d.Model, d.Seed)
	return d.base(), a, err
}

func (c *embedTrainCommand) config(*streams) (task.Config, error) {
	a, err := c.adapter(c.adapterFlag, c.Model, c.Seed)
	return task.Config{Dir: c.OutputDir, Objective: c.objective(), Base: c.base(), Adapter: a, Freeze: c.Freeze}, err
}

package main

import (
	"context"
	"fmt"

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
	Model string `group:"model" required:"" placeholder:"DIR" help:"The model to start from: a model or run directory."`
	Data  string `group:"data" required:"" placeholder:"FILE|DIR|-" help:"A text to learn, or JSON lines: {\"text\": …} or {\"prompt\": …, \"completion\": …}, of which the completion is learned."`

	trainingOptions

	OutputDir string `group:"run" required:"" placeholder:"DIR" help:"Directory of the run."`

	model models.CausalLM // once loaded
}

// Help is shown below the command's summary.
func (sftCommand) Help() string {
	return fmt.Sprintf(`A plain text is learned as one stream, as in pretrain. JSON lines are documents: several share a row, and none sees another.
Defaults: %d epochs in batches of 8, learning rate 5e-5, rows as long as the model's context and at most %d tokens.

Examples:

    finetune sft --model runs/opticks --data more.txt --output-dir runs/more
    finetune sft --model gpt2 --data pairs.jsonl --num-train-epochs 2 --output-dir runs/pairs`, sftEpochs, sftSeqLen)
}

// Run prepares the run and trains.
func (c *sftCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

// resolve loads the model and fills in what the user left open, as far as it doesn't depend on the data.
func (c *sftCommand) resolve() error {
	if err := c.validate(); err != nil {
		return err
	}
	if err := c.absolutePaths(&c.Data, &c.Model); err != nil {
		return err
	}
	m, err := c.openModel(nil)
	if err != nil {
		return err
	}
	c.trainingOptions.resolve(trainingDefaults{
		seqLen: min(m.ContextLength(), sftSeqLen), batchSize: 8, warmupSteps: 10, learningRate: 5e-5, weightDecay: 0.01, beta2: 0.999,
	})
	if *c.SeqLen > m.ContextLength() {
		return fmt.Errorf("--seq-len %d: the model's context is %d tokens", *c.SeqLen, m.ContextLength())
	}
	return c.validate()
}

// The methods below make sftCommand a job.

func (c *sftCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *sftCommand) paths() (corpus, outputDir string) { return c.Data, c.OutputDir }

func (c *sftCommand) openTokenizer(context.Context, *streams, *data.Source) (*tokenizer.Tokenizer, error) {
	return tokenizer.Load(c.Model)
}

func (c *sftCommand) openModel(*tokenizer.Tokenizer) (models.CausalLM, error) {
	if c.model != nil {
		return c.model, nil
	}
	var edit func(config map[string]any)
	if c.Dropout != nil {
		edit = models.WithDropout(*c.Dropout)
	}
	m, err := models.LoadEdited(c.Model, edit)
	if err != nil {
		return nil, err
	}
	c.model = m
	return m, nil
}

// documents tells a plain text from JSON lines, which are several documents or have parts that are not to be learned.
func (c *sftCommand) documents(t *data.Tokens) bool {
	return t.Documents() > 1 || t.Targets() < t.Len()
}

func (c *sftCommand) defaultSteps(rows int) int { return c.stepsOf(sftEpochs, rows) }

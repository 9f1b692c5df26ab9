package main

import (
	"context"
	"fmt"

	"github.com/alecthomas/kong"
	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"gorgonia.org/tensor"
)

// pretrainCommand is `finetune pretrain`.
type pretrainCommand struct {
	Data      string `group:"data" placeholder:"FILE|DIR|-" help:"Text to learn from: a file, a folder, or - for standard input; gzip and zstd are unpacked. Default: Newton's Opticks from the Go installation."`
	Preset    string `group:"model" enum:"${presets}" default:"char" placeholder:"NAME" help:"Sizes and settings to start from: ${enum} (${default})."`
	Tokenizer string `group:"data" placeholder:"char|bpe|DIR" help:"Learn a tokenizer of characters or of byte pairs from the data, or take one that is there. Default: the preset's."`
	VocabSize *int   `group:"data" placeholder:"N" help:"Tokens of a byte-pair tokenizer to learn. Default: the preset's."`
	NLayer    *int   `group:"model" placeholder:"N" help:"Transformer blocks. Default: the preset's."`
	NHead     *int   `group:"model" placeholder:"N" help:"Attention heads. Default: the preset's."`
	NEmbd     *int   `group:"model" placeholder:"N" help:"Width, a multiple of the heads. Default: the preset's."`

	trainingOptions

	OutputDir string `group:"run" placeholder:"DIR" help:"Directory of the run. Default: one below runs, named after the data."`
}

// Help is shown below the command's summary.
func (pretrainCommand) Help() string {
	text := "Presets:\n\n"
	for _, p := range presets {
		text += fmt.Sprintf("    %-5s %2d layers, %2d heads, %3d wide, %-4s tokens, %2d rows of %3d, %5d steps, learning rate %g\n",
			p.name, p.layers, p.heads, p.width, p.tokenizer, p.training.batchSize, p.training.seqLen, p.steps, p.training.learningRate)
	}
	return text + `
The run's directory becomes a Hugging Face model directory. Ctrl-C saves; "finetune resume DIR" goes on.

Examples:

    finetune pretrain
    finetune pretrain --data corpus.txt --preset mini --output-dir runs/mine
    finetune pretrain --config run.yaml --learning-rate 3e-4 --output-dir runs/again`
}

// Run prepares and trains a new model.
func (c *pretrainCommand) Run(ctx context.Context, s *streams, parsed *kong.Context) error {
	if err := c.resolve(); err != nil {
		return err
	}
	return start(ctx, s, c, parsed.Selected())
}

// resolve fills in what the user left open, as far as it doesn't depend on the data.
func (c *pretrainCommand) resolve() error {
	p := presetNamed(c.Preset)
	if c.Tokenizer == "" {
		c.Tokenizer = p.tokenizer
	}
	if c.Tokenizer == "bpe" {
		setDefault(&c.VocabSize, p.vocab)
	} else if c.VocabSize != nil {
		return fmt.Errorf("--vocab-size is for --tokenizer bpe; this run has --tokenizer %s", c.Tokenizer)
	}
	setDefault(&c.NLayer, p.layers)
	setDefault(&c.NHead, p.heads)
	setDefault(&c.NEmbd, p.width)
	setDefault(&c.Dropout, 0)
	c.trainingOptions.resolve(p.training)
	if err := c.validate(); err != nil {
		return err
	}
	if err := c.shape(1, nil).Validate(); err != nil {
		return err
	}
	var err error
	if c.Data == "" {
		if c.Data, err = defaultCorpus(); err != nil {
			return err
		}
	}
	if c.OutputDir == "" {
		c.OutputDir = freeRunDir(corpusName(c.Data))
	}
	return c.absolutePaths(&c.Data)
}

// shape returns the model that the options describe, for a vocabulary and the id of its end-of-text token, if any.
func (c *pretrainCommand) shape(vocab int, end *int) models.GPT2Config {
	m := models.DefaultGPT2Config()
	m.NLayer, m.NHead, m.NEmbd, m.NPositions, m.VocabSize = *c.NLayer, *c.NHead, *c.NEmbd, *c.SeqLen, vocab
	m.EmbdDropout, m.AttnDropout, m.ResidDropout = *c.Dropout, *c.Dropout, *c.Dropout
	m.BosTokenID, m.EosTokenID = end, end
	return m
}

// The methods below make pretrainCommand a job.

func (c *pretrainCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *pretrainCommand) paths() (corpus, outputDir string) { return c.Data, c.OutputDir }

func (c *pretrainCommand) defaultSteps(int) int { return presetNamed(c.Preset).steps }

func (c *pretrainCommand) openTokenizer(ctx context.Context, s *streams, source *data.Source) (*tokenizer.Tokenizer, error) {
	if c.Tokenizer != "char" && c.Tokenizer != "bpe" {
		return tokenizer.Load(c.Tokenizer)
	}
	config := tokenizer.NewTrainConfig(c.Tokenizer)
	config.Threads = c.Threads
	if c.VocabSize != nil {
		config.VocabSize = *c.VocabSize
	}
	return trainTokenizer(ctx, s, config, source)
}

func (c *pretrainCommand) openModel(t *tokenizer.Tokenizer) (models.CausalLM, error) {
	var end *int
	if id, ok := t.EndOfText(); ok {
		n := int(id)
		end = &n
	}
	return models.NewGPT2(c.shape(t.VocabSize(), end), graph.NewParams(tensor.Float32, c.Seed))
}

// documents is false: the data is one stream, whose rows cross the ends of documents.
func (c *pretrainCommand) documents(*data.Tokens) bool { return false }

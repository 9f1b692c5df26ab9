package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

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
	Arch      string `group:"model" default:"gpt2" placeholder:"NAME" help:"Family of the model: ${arches} (${default})."`
	NLayer    *int   `group:"model" placeholder:"N" help:"Transformer blocks; an encoder and a decoder have as many each. Default: the preset's."`
	NHead     *int   `group:"model" placeholder:"N" help:"Attention heads. Default: the preset's."`
	NKVHead   *int   `group:"model" name:"n-kv-head" placeholder:"N" help:"Heads of keys and values, which several attention heads share. Default: as many as attention heads."`
	NEmbd     *int   `group:"model" placeholder:"N" help:"Width, a multiple of the heads. Default: the preset's."`
	NInner    *int   `group:"model" placeholder:"N" help:"Width inside of the feed-forwards. Default: 4 times the width, and where they have a gate, 8/3 of it rounded up to a multiple of 32."`

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
    finetune pretrain --data corpus.txt --preset mini --arch llama --n-kv-head 2 --output-dir runs/llama
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
	if err := errors.Join(c.validate(), atLeast("n-kv-head", c.NKVHead, 1), atLeast("n-inner", c.NInner, 1)); err != nil {
		return err
	}
	if !slices.Contains(models.Arches(), c.Arch) {
		return fmt.Errorf("--arch %q is not known%s; known are %s", c.Arch, suggestion(c.Arch, models.Arches()), strings.Join(models.Arches(), ", "))
	}
	anyID := 0
	if err := c.size(1, &anyID, &anyID).Validate(c.Arch); err != nil {
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

// size returns how large the model is to be, for a vocabulary and the ids of its end-of-text and padding tokens, if any.
func (c *pretrainCommand) size(vocab int, end, pad *int) models.Size {
	s := models.Size{
		Vocab: vocab, Context: *c.SeqLen, Layers: *c.NLayer, Heads: *c.NHead, Width: *c.NEmbd, Dropout: *c.Dropout,
		Start: end, End: end, Pad: pad,
	}
	if c.NKVHead != nil {
		s.KVHeads = *c.NKVHead
	}
	if c.NInner != nil {
		s.Inner = *c.NInner
	}
	return s
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
	var end, pad *int
	if id, ok := t.EndOfText(); ok {
		n := int(id)
		end = &n
	}
	if id, ok := t.Special("pad_token"); ok && (end == nil || int(id) != *end) {
		n := int(id)
		pad = &n
	}
	m, err := models.New(c.Arch, c.size(t.VocabSize(), end, pad), graph.NewParams(tensor.Float32, c.Seed))
	if err != nil {
		return nil, err
	}
	causal, ok := m.(models.CausalLM)
	if !ok {
		return nil, fmt.Errorf("--arch %s doesn't continue texts, which is what is trained here", c.Arch)
	}
	return causal, nil
}

// documents is false: the data is one stream, whose rows cross the ends of documents.
func (c *pretrainCommand) documents(*data.Tokens) bool { return false }

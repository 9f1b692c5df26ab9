package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
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
	Tokenizer string `group:"data" placeholder:"char|bpe|wordpiece|DIR" help:"Learn a tokenizer of characters, byte pairs or word pieces from the data, or take one that is there. Default: the preset's; for masked, wordpiece, and for qwen2, bpe."`
	VocabSize *int   `group:"data" placeholder:"N" help:"Tokens of a tokenizer of byte pairs or word pieces to learn. Default: the preset's, or 4096."`
	Arch      string `group:"model" placeholder:"NAME" help:"Family of the model: ${arches}; SmolLM is a llama. Default: gpt2, for masked bert, for seq2seq transformer."`
	NLayer    *int   `group:"model" placeholder:"N" help:"Transformer blocks; an encoder and a decoder have as many each. Default: the preset's."`
	NHead     *int   `group:"model" placeholder:"N" help:"Attention heads. Default: the preset's."`
	NKVHead   *int   `group:"model" name:"n-kv-head" placeholder:"N" help:"Heads of keys and values, which several attention heads share. Default: as many as attention heads."`
	NEmbd     *int   `group:"model" placeholder:"N" help:"Width, a multiple of the heads. Default: the preset's."`
	NInner    *int   `group:"model" placeholder:"N" help:"Width inside of the feed-forwards. Default: 4 times the width, and where they have a gate, 8/3 of it rounded up to a multiple of 32."`

	Objective string `group:"data" enum:",causal,masked,seq2seq" default:"" placeholder:"causal|masked|seq2seq" help:"What is learned: the next token, tokens that are hidden, or one text about another. Default: what the family is for."`

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
    finetune pretrain --objective masked --seq-len 128 --output-dir runs/bert
    finetune pretrain --objective seq2seq --data pairs.jsonl --output-dir runs/pairs
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
	if err := c.resolveObjective(); err != nil {
		return err
	}
	if c.Tokenizer == "" {
		c.Tokenizer = p.tokenizer
		switch f, _ := models.FamilyNamed(c.Arch); {
		case c.Objective == masked:
			c.Tokenizer = "wordpiece"
		case f.Rebuilds:
			c.Tokenizer = "bpe"
		}
	}
	switch c.Tokenizer {
	case "wordpiece", "bpe":
		vocab := presetNamed("mini").vocab
		if c.Tokenizer == p.tokenizer {
			vocab = p.vocab
		}
		setDefault(&c.VocabSize, vocab)
	default:
		if c.VocabSize != nil {
			return fmt.Errorf("--vocab-size is for --tokenizer bpe and wordpiece; this run has --tokenizer %s", c.Tokenizer)
		}
	}
	if err := c.checkTokenizer(); err != nil {
		return err
	}
	setDefault(&c.NLayer, p.layers)
	setDefault(&c.NHead, p.heads)
	setDefault(&c.NEmbd, p.width)
	setDefault(&c.Dropout, 0)
	c.trainingOptions.resolve(p.training)
	if err := errors.Join(c.validate(), atLeast("n-kv-head", c.NKVHead, 1), atLeast("n-inner", c.NInner, 1)); err != nil {
		return err
	}
	anyID := 0
	if _, err := c.size(1, &anyID, &anyID).Config(c.Arch); err != nil {
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

// defaultArch returns the family that an objective is learned by where the user names none.
func defaultArch(objective string) string {
	for _, f := range models.Families() {
		if f.Preferred && string(f.Objective) == objective {
			return f.Name
		}
	}
	return ""
}

// resolveObjective settles the objective and the family, of which the one may follow from the other.
func (c *pretrainCommand) resolveObjective() error {
	if c.Arch == "" {
		c.Arch = defaultArch(cmp.Or(c.Objective, causal))
	}
	if !slices.Contains(models.Arches(), c.Arch) {
		return fmt.Errorf("--arch %q is not known%s; known are %s", c.Arch, suggestion(c.Arch, models.Arches()), strings.Join(models.Arches(), ", "))
	}
	f, err := models.FamilyNamed(c.Arch)
	if err != nil {
		return err
	}
	learned := string(f.Objective)
	if c.Objective == "" {
		c.Objective = learned
	}
	if c.Objective != learned {
		return fmt.Errorf("--objective %s: a model of --arch %s learns %s", c.Objective, c.Arch, learned)
	}
	return nil
}

// size returns how large the model is to be, for a vocabulary and the ids of its end-of-text and padding tokens, if any.
func (c *pretrainCommand) size(vocab int, end, pad *int) models.Size {
	s := models.Size{
		Vocab: vocab, Context: max(*c.SeqLen, *c.MaxSourceLength), Layers: *c.NLayer, Heads: *c.NHead, Width: *c.NEmbd, Dropout: *c.Dropout,
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

// learnedTokenizers are the kinds that are learned from the data.
var learnedTokenizers = []string{"char", "bpe", "wordpiece"}

// checkTokenizer returns an error if --tokenizer is neither a kind nor something that is there.
func (c *pretrainCommand) checkTokenizer() error {
	if slices.Contains(learnedTokenizers, c.Tokenizer) {
		return nil
	}
	if _, err := os.Stat(c.Tokenizer); err != nil {
		return fmt.Errorf("--tokenizer %q: no such file or directory, and no kind that is learned (%s)%s", c.Tokenizer, strings.Join(learnedTokenizers, ", "), suggestion(c.Tokenizer, learnedTokenizers))
	}
	return nil
}

func (c *pretrainCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *pretrainCommand) paths() (corpus, outputDir string) { return c.Data, c.OutputDir }

func (c *pretrainCommand) defaultSteps(int) int { return presetNamed(c.Preset).steps }

func (c *pretrainCommand) openTokenizer(ctx context.Context, s *streams, source *data.Source) (*tokenizer.Tokenizer, error) {
	if !slices.Contains(learnedTokenizers, c.Tokenizer) {
		return loadTokenizer(s, c.Tokenizer)
	}
	config := tokenizer.NewTrainConfig(c.Tokenizer)
	if c.Objective == masked && c.Tokenizer != "wordpiece" {
		config.Special = append(config.Special, "[PAD]", "[CLS]", "[SEP]", "[MASK]")
	}
	if f, _ := models.FamilyNamed(c.Arch); f.Split != "" && c.Tokenizer == "bpe" {
		config.Split = f.Split
	}
	config.Threads = c.Threads
	if c.VocabSize != nil {
		config.VocabSize = *c.VocabSize
	}
	return trainTokenizer(ctx, s, config, source)
}

func (c *pretrainCommand) objective() string { return c.Objective }

func (c *pretrainCommand) modelType() (string, error) { return c.Arch, nil }

// openLabels is never called: there are no labelled texts to start from nothing with.
func (c *pretrainCommand) openLabels(found data.Labels) (data.Labels, error) { return found, nil }

// outline has a vocabulary of one token, since the tokenizer may still have to be learned.
func (c *pretrainCommand) outline() (models.Model, error) {
	anyID := 0
	return c.newModel(c.size(1, &anyID, &anyID), true)
}

func (c *pretrainCommand) openModel(t *tokenizer.Tokenizer, _ data.Labels, sketch bool) (trainable, error) {
	var end, pad *int
	if id, ok := t.EndOfText(); ok {
		n := int(id)
		end = &n
	}
	if id, ok := t.Special("pad_token"); ok && (end == nil || int(id) != *end) {
		n := int(id)
		pad = &n
	}
	m, err := c.newModel(c.size(t.VocabSize(), end, pad), sketch)
	if err != nil {
		return nil, err
	}
	return m.(trainable), nil // as all new models are
}

// newModel makes the model of a size, or a sketch of it.
func (c *pretrainCommand) newModel(s models.Size, sketch bool) (models.Model, error) {
	config, err := s.Config(c.Arch)
	if err != nil {
		return nil, err
	}
	params := graph.NewParams(tensor.Float32, c.Seed)
	if sketch {
		params = graph.SketchParams(tensor.Float32, nil)
	}
	return models.New(config, params)
}

// documents is false: the data is one stream, whose rows cross the ends of documents.
func (c *pretrainCommand) documents(*data.Tokens) bool { return false }

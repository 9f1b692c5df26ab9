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
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/task"
)

// pretrainCommand is `finetune pretrain`.
type pretrainCommand struct {
	Data      []string `group:"data" sep:"none" placeholder:"FILE|DIR|-" help:"Text to learn from: a file, a folder, a pattern such as 'texts/**/*.txt', or - for standard input; gzip and zstd are unpacked. Several may be given. Default: Newton's Opticks from the Go installation."`
	Preset    string   `group:"model" enum:"${presets}" default:"char" placeholder:"NAME" help:"Sizes and settings to start from: ${enum} (${default})."`
	Tokenizer string   `group:"data" placeholder:"char|bpe|wordpiece|DIR" help:"Learn a tokenizer of characters, byte pairs or word pieces from the data, or take one that is there. Default: the preset's; for masked, wordpiece, and for qwen2, bpe."`
	VocabSize *int     `group:"data" placeholder:"N" help:"Tokens of a tokenizer of byte pairs or word pieces to learn. Default: the preset's, or 4096."`
	Arch      string   `group:"model" placeholder:"NAME" help:"Family of the model: ${arches}; SmolLM is a llama. Default: gpt2, for masked bert, for seq2seq transformer."`
	NLayer    *int     `group:"model" placeholder:"N" help:"Transformer blocks; an encoder and a decoder have as many each. Default: the preset's."`
	NHead     *int     `group:"model" placeholder:"N" help:"Attention heads. Default: the preset's."`
	NKVHead   *int     `group:"model" name:"n-kv-head" placeholder:"N" help:"Heads of keys and values, which several attention heads share. Default: as many as attention heads."`
	NEmbd     *int     `group:"model" placeholder:"N" help:"Width, a multiple of the heads. Default: the preset's."`
	NInner    *int     `group:"model" placeholder:"N" help:"Width inside of the feed-forwards. Default: 4 times the width, and where they have a gate, 8/3 of it rounded up to a multiple of 32."`

	Embedding       string `group:"model" placeholder:"DIR|FILE" help:"Vectors of words that tokens begin with: a directory of \"words train\", or a file of word2vec, fastText or GloVe. The width is theirs."`
	FreezeEmbedding bool   `group:"model" help:"Leave the tokens' vectors as --embedding has them. Where the output shares their table, it stays too."`

	Objective string `group:"data" enum:",causal,masked,seq2seq" default:"" placeholder:"causal|masked|seq2seq" help:"What is learned: the next token, tokens that are hidden, or one text about another. Default: what the family is for."`

	teacherOptions
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
` + teacherHelp + `

Examples:

    finetune pretrain
    finetune pretrain --data corpus.txt --preset mini --output-dir runs/mine
    finetune pretrain --data corpus.txt --preset mini --arch llama --n-kv-head 2 --output-dir runs/llama
    finetune pretrain --objective masked --seq-len 128 --output-dir runs/bert
    finetune pretrain --objective seq2seq --data pairs.jsonl --output-dir runs/pairs
    finetune pretrain --data corpus.txt --arch llama --tokenizer SmolLM2-135M --teacher SmolLM2-135M --output-dir runs/taught
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
	o, err := c.resolveObjective()
	if err != nil {
		return err
	}
	if c.Tokenizer == "" {
		f, _ := models.FamilyNamed(c.Arch)
		kind, _ := o.Vocabulary()
		c.Tokenizer = cmp.Or(kind, p.tokenizer)
		if f.Rebuilds {
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
	if err := c.resolveEmbedding(); err != nil {
		return err
	}
	setDefault(&c.NEmbd, p.width)
	setDefault(&c.Dropout, 0)
	c.trainingOptions.resolve(p.training)
	if err := c.checkSource(c.Objective); err != nil {
		return err
	}
	if err := c.teacherOptions.resolve(c.Objective); err != nil {
		return err
	}
	if c.Teacher != "" && c.LabelSmoothing != 0 {
		return errors.New("--label-smoothing is for targets, which a --teacher takes the place of")
	}
	if err := errors.Join(c.validate(), atLeast("n-kv-head", c.NKVHead, 1), atLeast("n-inner", c.NInner, 1)); err != nil {
		return err
	}
	if err := (task.New{Arch: c.Arch, Size: c.size()}).Validate(); err != nil {
		return err
	}
	if len(c.Data) == 0 {
		opticks, err := defaultCorpus()
		if err != nil {
			return err
		}
		c.Data = []string{opticks}
	}
	if c.OutputDir == "" {
		c.OutputDir = freeRunDir(corpusName(c.Data[0]))
	}
	return c.absolutePaths(c.Data, &c.Embedding)
}

// resolveObjective settles the objective and the family, of which the one may follow from the other.
func (c *pretrainCommand) resolveObjective() (task.Objective, error) {
	if c.Arch == "" {
		c.Arch = task.DefaultArch(cmp.Or(c.Objective, task.Causal{}.Name()))
	}
	if !slices.Contains(models.Arches(), c.Arch) {
		return nil, fmt.Errorf("--arch %q is not known%s; known are %s", c.Arch, suggestion(c.Arch, models.Arches()), strings.Join(models.Arches(), ", "))
	}
	learned, err := task.ArchObjective(c.Arch)
	if err != nil {
		return nil, err
	}
	if c.Objective == "" {
		c.Objective = learned.Name()
	}
	if c.Objective != learned.Name() {
		return nil, fmt.Errorf("--objective %s: a model of --arch %s learns %s", c.Objective, c.Arch, learned.Name())
	}
	return learned, nil
}

// size returns how large the model is to be.
func (c *pretrainCommand) size() models.Size {
	s := models.Size{Context: max(*c.SeqLen, *c.MaxSourceLength), Layers: *c.NLayer, Heads: *c.NHead, Width: *c.NEmbd, Dropout: *c.Dropout}
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
	var err error
	c.Tokenizer, err = absolute(c.Tokenizer)
	return err
}

func (c *pretrainCommand) common() *trainingOptions { return &c.trainingOptions }

func (c *pretrainCommand) corpus() []string { return c.Data }

func (c *pretrainCommand) modelType() (string, error) { return c.Arch, nil }

func (c *pretrainCommand) config(s *streams) (task.Config, error) {
	o, err := task.Named(c.Objective)
	if causal, ok := o.(task.Causal); ok && c.Teacher != "" {
		o, err = c.distill(causal)
	}
	if err != nil {
		return task.Config{}, err
	}
	base := learnedBase{c.base(o), s}
	if c.Embedding != "" {
		base.Vectors, base.VectorsFrom = c.tokenVectors(s), c.Embedding
	}
	frozen, err := c.frozen(base.New)
	return task.Config{Dir: c.OutputDir, Objective: o, Base: base, Stream: true, Freeze: frozen}, err
}

func (c *pretrainCommand) defaultSteps(int) int { return presetNamed(c.Preset).steps }

// base returns the model to make, and the tokenizer to learn for it.
func (c *pretrainCommand) base(o task.Objective) task.New {
	n := task.New{Arch: c.Arch, Size: c.size(), From: c.Tokenizer, Seed: c.Seed}
	if !slices.Contains(learnedTokenizers, c.Tokenizer) {
		return n
	}
	config := task.TokenizerConfig(c.Tokenizer, c.Arch, o)
	config.Threads = c.Threads
	if c.VocabSize != nil {
		config.VocabSize = *c.VocabSize
	}
	n.Learn = &config
	return n
}

// learnedBase shows how far learning the tokenizer is.
type learnedBase struct {
	task.New
	streams *streams
}

// Tokenizer learns the tokenizer, or reads it.
func (b learnedBase) Tokenizer(ctx context.Context, o task.Objective, source *data.Source) (*tokenizer.Tokenizer, error) {
	if b.Learn == nil {
		return loadTokenizer(b.streams, b.From)
	}
	return trainTokenizer(ctx, b.streams, *b.Learn, source)
}

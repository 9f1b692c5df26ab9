// Command maskedmodel trains a small BERT to find hidden characters, on Newton's Opticks or a text of yours, and lets it restore texts that
// can't be read in places. Its README shows what comes out.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// Sizes of the model and of its training. Weights begin with a standard deviation of spread, near to one over the square root of
// the width. BERT's 0.02 is for a width of 768; here attention would tell no places apart for long, see the README.
const (
	length, width, heads, layers    = 32, 128, 4, 3
	batchSize, warmup, learningRate = 64, 100, 2e-3
	spread                          = 0.06
)

// Tokens that are no characters. The others follow them in the vocabulary.
const unknownToken, firstToken, lastToken, maskToken = "[UNK]", "[CLS]", "[SEP]", "[MASK]"

var special = []string{"[PAD]", unknownToken, firstToken, lastToken, maskToken}

// defaultTexts are what a trained model restores where the user gives no texts.
var defaultTexts = []string{
	"The r#ys of lig## are refra#ted by the Pr#sm.",
	"why may not Nat#re ch#nge Bod##s into L#ght, and Light into B####s?",
	"Bodies in both these Cases, with### the immed##te Contact",
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "a text to learn from; Newton's Opticks of the Go installation if it is empty")
	flag.StringVar(&o.dir, "dir", "runs/maskedmodel", "directory of the run; a model that is there already isn't trained again")
	flag.IntVar(&o.steps, "steps", 3500, "optimization steps")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, `usage: maskedmodel [-data FILE] [-dir DIR] [-steps N] ["a text with # for what can't be read" ...]`)
		flag.PrintDefaults()
	}
	flag.Parse()
	o.texts = flag.Args()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "maskedmodel:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	data, dir string
	steps     int
	texts     []string
}

// run trains a model unless there is one, and restores texts.
func run(ctx context.Context, o options, out io.Writer) error {
	if _, err := os.Stat(filepath.Join(o.dir, "config.json")); err != nil {
		if err := learn(ctx, o, out); err != nil {
			return err
		}
	}
	if len(o.texts) == 0 {
		o.texts = defaultTexts
	}
	return restoreAll(o.dir, o.texts, out)
}

// learn trains a tokenizer and a model, and goes on where it was stopped.
func learn(ctx context.Context, o options, out io.Writer) error {
	if o.data == "" {
		root, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("give a text by -data; the go command, which knows where Newton's Opticks is, fails: %w", err)
		}
		o.data = filepath.Join(strings.TrimSpace(string(root)), "src", "testdata", "Isaac.Newton-Opticks.txt")
	}
	source, err := data.OpenSource(o.data, os.Stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	kind := tokenizer.NewTrainConfig("char")
	kind.Special = special
	chars, err := tokenizer.Train(ctx, kind, source.Documents())
	if err != nil {
		return err
	}
	if err := chars.Save(o.dir); err != nil {
		return err
	}
	tokens, err := data.Encode(ctx, source, chars, data.EncodeConfig{})
	if err != nil {
		return err
	}
	m, err := newModel(chars.VocabSize())
	if err != nil {
		return err
	}
	config := train.DefaultConfig()
	config.Dir, config.MaxSteps, config.BatchSize, config.EvalBatchSize = o.dir, o.steps, batchSize, batchSize
	config.EvalSteps, config.SaveSteps = max(1, o.steps/10), max(1, o.steps/10)
	config.Schedule = optim.Schedule{Decay: optim.Cosine, LearningRate: learningRate, MinLearningRate: learningRate / 20, WarmupSteps: warmup}
	config.Callbacks = []train.Callback{train.NewProgress(out)}
	if config.Train, config.Validation, err = rows(tokens, chars); err != nil {
		return err
	}
	t, err := train.New(m, config)
	if err != nil {
		return err
	}
	defer t.Close()
	if _, _, err := t.Resume(); err != nil {
		return err
	}
	var interrupted *train.Interrupted
	if err = t.Run(ctx); errors.As(err, &interrupted) {
		return fmt.Errorf("stopped at step %d of %d; the same command goes on", interrupted.Step, interrupted.MaxSteps)
	}
	return err
}

// rows hides characters of the text; its last tenth is kept apart.
func rows(tokens *data.Tokens, chars *tokenizer.Tokenizer) (training, validation data.Dataset, err error) {
	id := func(token string) int32 { id, _ := chars.ID(token); return id }
	c := data.DefaultMasking(id(maskToken), id(unknownToken))
	c.Frame = []int32{id(firstToken), id(lastToken)}
	learned, held, err := tokens.Split(0.1)
	if err != nil {
		return nil, nil, err
	}
	if training, err = data.NewMasked(learned, length, c); err != nil {
		return nil, nil, err
	}
	validation, err = data.NewMasked(held, length, c)
	return training, validation, err
}

// newModel makes the BERT.
func newModel(vocab int) (*models.MaskedLM, error) {
	c := models.DefaultBertConfig()
	c.VocabSize, c.HiddenSize, c.NumLayers, c.NumHeads, c.IntermediateSize, c.MaxPositions = vocab, width, layers, heads, 4*width, length
	c.HiddenDropout, c.AttentionDropout, c.InitRange = 0, 0, spread // such a small model doesn't learn its text by heart
	return models.NewMaskedLM(c, graph.NewParams(tensor.Float32, 1))
}

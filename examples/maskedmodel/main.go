// Command maskedmodel trains a small BERT to find hidden words, on Newton's Opticks or a text of yours, and lets it fill in words. Its README
// shows what comes out.
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

// Sizes of the model and of its training.
const (
	vocabulary, length, width, heads, layers = 2000, 64, 128, 4, 3
	batchSize, warmup, learningRate          = 32, 100, 2e-3
)

// guesses is how many words are shown for each mask.
const guesses = 5

// defaultTexts are what a trained model fills in where the user gives no texts.
var defaultTexts = []string{
	"the rays of [MASK] are refracted by the prism .",
	"the colours of natural [MASK] have no other origin than this .",
	"the angle of incidence is [MASK] to the angle of reflexion .",
}

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "a text to learn from; Newton's Opticks of the Go installation if it is empty")
	flag.StringVar(&o.dir, "dir", "runs/maskedmodel", "directory of the run; a model that is there already isn't trained again")
	flag.IntVar(&o.steps, "steps", 1000, "optimization steps")
	flag.Usage = func() {
		fmt.Fprintln(os.Stderr, `usage: maskedmodel [-data FILE] [-dir DIR] [-steps N] ["a text with [MASK] in it" ...]`)
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

// run trains a model unless there is one, and fills in texts.
func run(ctx context.Context, o options, out io.Writer) error {
	if _, err := os.Stat(filepath.Join(o.dir, "config.json")); err != nil {
		if err := learn(ctx, o, out); err != nil {
			return err
		}
	}
	if len(o.texts) == 0 {
		o.texts = defaultTexts
	}
	return fillIn(o.dir, o.texts, out)
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
	kind := tokenizer.NewTrainConfig("wordpiece")
	kind.VocabSize = vocabulary
	words, err := tokenizer.Train(ctx, kind, source.Documents())
	if err != nil {
		return err
	}
	if err := words.Save(o.dir); err != nil {
		return err
	}
	tokens, err := data.Encode(ctx, source, words, data.EncodeConfig{})
	if err != nil {
		return err
	}
	m, err := newModel(words.VocabSize())
	if err != nil {
		return err
	}
	config := train.DefaultConfig()
	config.Dir, config.MaxSteps, config.BatchSize, config.EvalBatchSize = o.dir, o.steps, batchSize, batchSize
	config.EvalSteps, config.SaveSteps = max(1, o.steps/10), max(1, o.steps/10)
	config.Schedule = optim.Schedule{Decay: optim.Cosine, LearningRate: learningRate, MinLearningRate: learningRate / 20, WarmupSteps: min(warmup, o.steps)}
	config.Callbacks = []train.Callback{train.NewProgress(out)}
	if config.Train, config.Validation, err = rows(tokens, words); err != nil {
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

// rows hides tokens of the text; its last tenth is kept apart.
func rows(tokens *data.Tokens, words *tokenizer.Tokenizer) (training, validation data.Dataset, err error) {
	mask, _ := words.ID("[MASK]") // which every WordPiece tokenizer of ours has
	first, _ := words.ID("[CLS]")
	last, _ := words.ID("[SEP]")
	unknown, _ := words.ID("[UNK]")
	c := data.DefaultMasking(mask, unknown)
	c.Frame = []int32{first, last}
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
	return models.NewMaskedLM(c, graph.NewParams(tensor.Float32, 1))
}

// Command embedded trains a model inside another program: under a context that ends the run, with a callback that watches
// it, and on from where it stopped.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/generate"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// text is what the model learns.
const text = "she sells sea shells by the sea shore. the shells she sells are sea shells for sure. "

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	dir, err := os.MkdirTemp("", "embedded")
	if err == nil {
		err = run(ctx, dir, 2*time.Second, os.Stdout)
		os.RemoveAll(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// watcher is a callback. It writes a line at each validation, and ends the run where the loss is low enough.
type watcher struct {
	train.Silent
	out    io.Writer
	target float64
}

// Eval is called after each validation.
func (w *watcher) Eval(e train.EvalEvent) error {
	fmt.Fprintf(w.out, "step %d: validation loss %.3f\n", e.Step, e.Loss)
	if e.Loss < w.target {
		return train.ErrStop
	}
	return nil
}

// run trains for a while, goes on after that with another trainer, and writes what the model says.
func run(ctx context.Context, dir string, while time.Duration, out io.Writer) error {
	chars, err := tokenizer.Train(ctx, tokenizer.NewTrainConfig("char"), tokenizer.Texts(text))
	if err != nil {
		return err
	}
	short, cancel := context.WithTimeout(ctx, while)
	defer cancel()
	model, err := fit(short, dir, chars, out)
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) && ctx.Err() == nil {
		fmt.Fprintf(out, "stopped after step %d, going on\n", interrupted.Step)
		model, err = fit(ctx, dir, chars, out)
	}
	if err != nil {
		return err
	}
	prompt := chars.AppendIDs(nil, []byte("she "), false)
	ids := prompt
	for id, err := range generate.Stream(ctx, model, prompt, generate.Config{MaxNewTokens: 24}) {
		if err != nil {
			return err
		}
		ids = append(ids, id)
	}
	_, err = fmt.Fprintf(out, "%s\n", chars.Decode(ids, true))
	return err
}

// fit trains a small GPT-2 in dir, from the last checkpoint there if there is one.
func fit(ctx context.Context, dir string, chars *tokenizer.Tokenizer, out io.Writer) (*models.Decoder, error) {
	shape := models.DefaultGPT2Config()
	shape.VocabSize, shape.NPositions, shape.NLayer, shape.NHead, shape.NEmbd = chars.VocabSize(), 32, 2, 2, 32
	shape.EmbdDropout, shape.AttnDropout, shape.ResidDropout = 0, 0, 0
	model, err := models.NewGPT2(shape, graph.NewParams(tensor.Float32, 1))
	if err != nil {
		return nil, err
	}
	var ids []int32
	for range 50 {
		ids = chars.AppendIDs(ids, []byte(text), false)
	}
	tokens, err := data.NewTokens(ids, chars.VocabSize())
	if err != nil {
		return nil, err
	}
	config := train.DefaultConfig()
	config.Dir, config.MaxSteps, config.EvalSteps, config.SaveSteps = dir, 2000, 50, 0
	config.Schedule.LearningRate = 3e-3
	config.Callbacks = []train.Callback{&watcher{out: out, target: 0.12}}
	if config.Train, err = data.NewWindows(tokens, 32); err != nil {
		return nil, err
	}
	if config.Validation, err = data.NewSequential(tokens.Slice(0, 200), 32); err != nil {
		return nil, err
	}
	trainer, err := train.New(model, config)
	if err != nil {
		return nil, err
	}
	defer trainer.Close()
	if _, _, err := trainer.Resume(); err != nil {
		return nil, err
	}
	return model, trainer.Run(ctx)
}

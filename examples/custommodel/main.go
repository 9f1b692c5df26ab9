// Command custommodel defines a language model in Go and trains it: layers of Seahorse beside operations of Gorgonia.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/data/tokenizer"
	"github.com/seahorse-ml/seahorse/train"
)

func main() {
	text := flag.String("data", "README.md", "text to learn from")
	dir := flag.String("output-dir", "runs/custommodel", "directory of the run")
	steps := flag.Int("max-steps", 500, "steps to make")
	flag.Parse()
	if err := run(context.Background(), *text, *dir, *steps, train.NewProgress(os.Stderr)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run trains a Decoder on the characters of a text.
func run(ctx context.Context, text, dir string, steps int, callbacks ...train.Callback) error {
	source, err := data.OpenSource(text, os.Stdin)
	if err != nil {
		return err
	}
	defer source.Close()
	chars, err := tokenizer.Train(ctx, tokenizer.NewTrainConfig("char"), source.Documents())
	if err != nil {
		return err
	}
	tokens, err := data.Encode(ctx, source, chars, data.EncodeConfig{})
	if err != nil {
		return err
	}
	model, err := NewDecoder(Config{Vocab: chars.VocabSize(), Length: 64, Width: 64, Heads: 4, Blocks: 2}, 1)
	if err != nil {
		return err
	}
	config := train.DefaultConfig()
	config.Dir, config.MaxSteps, config.Callbacks = dir, steps, callbacks
	config.Schedule.LearningRate = 3e-3
	learn, validate, err := tokens.Split(0.1)
	if err != nil {
		return err
	}
	if config.Train, err = data.NewWindows(learn, 64); err != nil {
		return err
	}
	if config.Validation, err = data.NewSequential(validate, 64); err != nil {
		return err
	}
	trainer, err := train.New(model, config)
	if err != nil {
		return err
	}
	defer trainer.Close()
	return trainer.Run(ctx)
}

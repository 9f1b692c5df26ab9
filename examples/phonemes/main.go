// Command phonemes learns to pronounce: from the spelling of English words to their phonemes, by the Transformer of
// "Attention Is All You Need". Its README tells where the dictionary comes from and what it reaches.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"

	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/train"
)

const usage = `usage: phonemes -data dict.txt [-dir runs/phonemes] [-steps N]     learns, and goes on if it was stopped
       phonemes [-dir runs/phonemes] WORD...                       pronounces words

`

func main() {
	var o options
	flag.StringVar(&o.data, "data", "", "the dictionary, lines of \"SPELLING  PH0 PH1 …\"")
	flag.StringVar(&o.dir, "dir", "runs/phonemes", "directory of the run")
	flag.IntVar(&o.steps, "steps", 5000, "optimization steps")
	flag.Uint64Var(&o.seed, "seed", 1, "decides which words are kept apart, and all that is random in training")
	flag.Usage = func() {
		fmt.Fprint(os.Stderr, usage)
		flag.PrintDefaults()
	}
	flag.Parse()
	o.words = flag.Args()
	if (o.data == "") == (len(o.words) == 0) {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, o, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "phonemes:", err)
		os.Exit(1)
	}
}

// options are what the command line says.
type options struct {
	data, dir string
	steps     int
	seed      uint64
	words     []string
}

func run(ctx context.Context, o options, out io.Writer) error {
	if len(o.words) > 0 {
		return say(ctx, o, out)
	}
	return learn(ctx, o, out)
}

// learn trains the model and tests it on the words that were kept apart.
func learn(ctx context.Context, o options, out io.Writer) error {
	f, err := os.Open(o.data)
	if err != nil {
		return err
	}
	defer f.Close()
	words, leftOut, err := readDictionary(f, o.data)
	if err != nil {
		return err
	}
	training, watched, test := split(words, o.seed)
	fmt.Fprintf(out, "%d words to learn from, %d to watch the training by, %d for the test; %d lines of signs are left out\n", len(training), len(watched), len(test), leftOut)
	s := symbolsOf(words)
	if err := s.save(o.dir); err != nil {
		return err
	}
	m, err := fit(ctx, o.dir, o.steps, o.seed, s, training, watched, out)
	var interrupted *train.Interrupted
	if errors.As(err, &interrupted) {
		return fmt.Errorf("stopped at step %d of %d; the same command goes on", interrupted.Step, interrupted.MaxSteps)
	}
	if err != nil {
		return err
	}
	if err := writeChart(o.dir); err != nil {
		return err
	}
	result, err := measure(ctx, m, s, test)
	if ctx.Err() != nil {
		return errors.New("stopped in the test; the same command makes it again")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "test on %v\n", result)
	return nil
}

// say pronounces words by a trained model.
func say(ctx context.Context, o options, out io.Writer) error {
	s, err := loadSymbols(o.dir)
	if err != nil {
		return err
	}
	m, err := models.Open(o.dir, models.OpenConfig{})
	if err != nil {
		return err
	}
	transformer, ok := m.(*models.Transformer)
	if !ok {
		return fmt.Errorf("%s holds a %T, expected a Transformer", o.dir, m)
	}
	var spellings []string
	for _, w := range o.words {
		spellings = append(spellings, strings.ToUpper(w))
	}
	got, err := pronounce(ctx, transformer, s, spellings)
	if err != nil {
		return err
	}
	for i, spelling := range spellings {
		fmt.Fprintf(out, "%s  %s\n", spelling, strings.Join(got[i], " "))
	}
	return nil
}

// symbolsName is the file of the run's directory that lists the tokens.
const symbolsName = "symbols.json"

func (s *symbols) save(dir string) error {
	raw, err := json.Marshal(s.names)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, symbolsName), raw, 0o644)
}

func loadSymbols(dir string) (*symbols, error) {
	path := filepath.Join(dir, symbolsName)
	raw, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var names []string
	if err := json.Unmarshal(raw, &names); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return newSymbols(names), nil
}

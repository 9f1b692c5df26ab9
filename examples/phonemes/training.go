package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/graph"
	"github.com/seahorse-ml/seahorse/models"
	"github.com/seahorse-ml/seahorse/optim"
	"github.com/seahorse-ml/seahorse/train"
	"gorgonia.org/tensor"
)

// Sizes of the model and of its training.
const (
	width, heads, layers, hidden = 128, 4, 3, 512

	maxPositions = 48 // the longest word of the dictionary has 34 letters
	longest      = 16 // words with more letters or phonemes aren't learned from: the widest batches would be twice as wide for one word in 800
	batchSize    = 128
	warmup       = 400
	learningRate = 2e-3
	evaluations  = 10
)

// newModel makes the Transformer.
func newModel(vocab int, seed uint64) (*models.Transformer, error) {
	c := models.DefaultTransformerConfig()
	c.VocabSize, c.Width, c.Hidden, c.Heads, c.EncoderLayers, c.DecoderLayers = vocab, width, hidden, heads, layers, layers
	pad := padding
	c.MaxPositions, c.StartTokenID, c.EosTokenID, c.PadTokenID = maxPositions, start, end, &pad
	return models.NewTransformer(c, graph.NewParams(tensor.Float32, seed))
}

// writePairs writes a token file with a document for each pronunciation, the spelling as its prompt, and returns how many words
// are too long for it.
func writePairs(path string, words []word, s *symbols) (tooLong int, err error) {
	w, err := data.NewTokenWriter(path, s.size())
	if err != nil {
		return 0, err
	}
	defer w.Abort()
	for _, word := range words {
		source, err := s.spell(word.spelling)
		if err != nil {
			return 0, err
		}
		for _, v := range word.variants {
			target := s.phonemes(v)
			if len(source) > longest || len(target) > longest+1 {
				tooLong++
				continue
			}
			if err := errors.Join(w.Append(source, false), w.Append(target, true), w.EndDocument()); err != nil {
				return 0, err
			}
		}
	}
	return tooLong, w.Commit()
}

// openPairs returns the rows of a token file that writePairs wrote.
func openPairs(path string) (*data.Pairs, *data.TokenFile, error) {
	file, err := data.OpenTokens(path)
	if err != nil {
		return nil, nil, err
	}
	pairs, err := data.NewPairs(file.Tokens, data.PairsConfig{Length: longest + 1, SourceLength: longest, Start: start, End: end})
	if err != nil {
		return nil, nil, errors.Join(err, file.Close())
	}
	return pairs, file, nil
}

// fit trains the model in dir, from the last checkpoint there if there is one.
func fit(ctx context.Context, dir string, steps int, seed uint64, s *symbols, training, watched []word, out io.Writer) (m *models.Transformer, err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	config := train.DefaultConfig()
	for _, part := range []struct {
		name  string
		words []word
		rows  *data.Dataset
	}{{"training.bin", training, &config.Train}, {"watched.bin", watched, &config.Validation}} {
		path := filepath.Join(dir, part.name)
		tooLong, err := writePairs(path, part.words, s)
		if err != nil {
			return nil, err
		}
		pairs, file, err := openPairs(path)
		if err != nil {
			return nil, err
		}
		defer file.Close()
		*part.rows = pairs
		fmt.Fprintf(out, "%s: %d pronunciations; %d of more than %d letters or phonemes are left out\n", part.name, pairs.Len(), tooLong, longest)
	}
	if m, err = newModel(s.size(), seed); err != nil {
		return nil, err
	}
	progress := train.NewProgress(out)
	config.Dir, config.Seed, config.MaxSteps, config.BatchSize, config.EvalBatchSize = dir, seed, steps, batchSize, batchSize
	config.Schedule = optim.Schedule{Decay: optim.Cosine, LearningRate: learningRate, MinLearningRate: learningRate / 20, WarmupSteps: warmup}
	config.LabelSmoothing = 0.1
	config.GroupByLength = true // batches of short words take less time
	config.Optimizer = func(params []*graph.Param) (optim.Optimizer, error) {
		return optim.NewAdam(optim.Groups(params, 0), optim.AdamConfig{Beta1: 0.9, Beta2: 0.98, Eps: 1e-9, MaxGradNorm: 1})
	}
	config.LoggingSteps, config.EvalSteps, config.SaveSteps = 20, max(1, steps/evaluations), max(1, steps/evaluations/4)
	config.Callbacks = []train.Callback{progress, &watcher{ctx: ctx, model: m, symbols: s, words: watched, dir: dir, out: progress}}
	t, err := train.New(m, config)
	if err != nil {
		return nil, err
	}
	defer t.Close()
	if from, _, err := t.Resume(); err != nil {
		return nil, err
	} else if from != nil {
		fmt.Fprintf(out, "going on from %s\n", from.Dir)
	}
	return m, t.Run(ctx)
}

// watcher is a train.Callback that pronounces the watched words at each evaluation.
type watcher struct {
	train.Silent
	ctx     context.Context
	model   *models.Transformer
	symbols *symbols
	words   []word
	dir     string
	out     io.Writer
}

// Eval measures the error rates.
func (w *watcher) Eval(e train.EvalEvent) error {
	s, err := measure(w.ctx, w.model, w.symbols, w.words)
	if err != nil {
		if w.ctx.Err() != nil {
			return nil // the run stops and evaluates again when it goes on
		}
		return err
	}
	fmt.Fprintf(w.out, "step %d: %v\n", e.Step, s)
	return addPoint(w.dir, point{e.Step, s.PER(), s.WER()})
}

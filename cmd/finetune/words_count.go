package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/words"
)

// count learns by GloVe or SVD.
func (c *wordsTrainCommand) count(ctx context.Context, s *streams, texts words.Texts, splitName string, split words.Splitter) error {
	if c.Model != "" {
		return fmt.Errorf("--model: %s doesn't go on from earlier vectors", c.Method)
	}
	minCount, dim := 5, 100
	set(&minCount, c.MinCount)
	set(&dim, c.Dim)
	if err := errors.Join(atLeast("min-count", &minCount, 1), atLeast("dim", &dim, 1), inRange("memory", &c.Memory, false)); err != nil {
		return err
	}
	v, err := words.CountWords(texts, split, minCount)
	if err != nil {
		return err
	}
	var vectors *words.Vectors
	if c.Method == "svd" {
		vectors, err = c.reduce(texts, split, v, dim)
	} else {
		vectors, err = c.glove(ctx, s, texts, split, v, dim)
	}
	if err != nil {
		return err
	}
	return vectors.SaveDir(c.OutputDir, splitName)
}

// reduce learns by SVD.
func (c *wordsTrainCommand) reduce(texts words.Texts, split words.Splitter, v *words.Vocabulary, dim int) (*words.Vectors, error) {
	near, err := words.CountCooccurrence(texts, split, v, words.CooccurrenceConfig{Window: c.Window, Weighting: words.Linear})
	if err != nil {
		return nil, err
	}
	if near, err = near.PMI(words.PMIConfig{Smoothing: 0.75, Shift: c.Shift}); err != nil {
		return nil, err
	}
	vectors, _, err := near.SVD(words.SVDConfig{Dim: dim, Power: 0.5, Seed: c.Seed})
	return vectors, err
}

// mostMemory is from how many gigabytes on --memory is no bound.
const mostMemory = 1e6

// glove learns by GloVe.
func (c *wordsTrainCommand) glove(ctx context.Context, s *streams, texts words.Texts, split words.Splitter, v *words.Vocabulary, dim int) (_ *words.Vectors, err error) {
	config := words.PairsConfig{CooccurrenceConfig: words.CooccurrenceConfig{Window: c.Window}, Dir: c.OutputDir}
	if c.Memory > 0 && c.Memory < mostMemory {
		config.Memory = max(1, int64(c.Memory*1e9))
	}
	pairs, err := words.CountPairs(texts, split, v, config)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, pairs.Close()) }()
	g := words.DefaultGloVeConfig()
	g.Dim, g.Seed, g.XMax, g.Alpha = dim, c.Seed, c.XMax, c.Alpha
	set(&g.Epochs, c.Epochs)
	set(&g.LearningRate, c.Rate)
	bar := newRateMeter(s, "pairs")
	defer bar.done()
	g.Progress = bar.show
	vectors, _, err := pairs.GloVe(ctx, g)
	return vectors, err
}

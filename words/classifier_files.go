package words

import (
	"errors"
	"fmt"
)

// fastTextLosses are the losses by their numbers in a .bin file.
var fastTextLosses = map[int32]Loss{fastTextHS: HierarchicalSoftmax, fastTextNS: NegativeSampling, fastTextSoftmax: Softmax, fastTextOVA: OneVsAll}

// Save writes the classifier as a .bin file of fastText, which loads it and finds the same labels in texts that are split at spaces.
func (c *Classifier) Save(path string) error {
	a := fastTextArgs{
		Dim: int32(c.Config.Dim), Window: 5, Epoch: int32(c.Config.Epochs), MinCount: int32(c.Config.MinCount), Negative: int32(c.Config.Negative),
		WordNgrams: int32(c.Config.WordNgrams), Model: fastTextSupervised, Bucket: int32(c.buckets), MinN: int32(c.Config.MinN), MaxN: int32(c.Config.MaxN),
		RateUpdates: 100, Sample: 1e-4,
	}
	for number, loss := range fastTextLosses {
		if loss == c.Config.Loss {
			a.Loss = number
		}
	}
	return (&fastTextFile{args: a, words: c.Words, labels: c.Labels, tokens: c.tokens, in: wholeTable(c.in, c.Config.Dim), out: c.out}).write(path)
}

// OpenClassifier reads a classifier from a .bin file of fastText (version 11 or 12, not quantized).
func OpenClassifier(path string) (*Classifier, error) {
	f, err := openFastText(path)
	if err != nil {
		return nil, err
	}
	c, err := f.classifier()
	if err != nil {
		return nil, fmt.Errorf("words: %s: %w", path, err)
	}
	return c, nil
}

// classifier makes a classifier of the file's content.
func (f *fastTextFile) classifier() (*Classifier, error) {
	a := f.args
	if a.Model != fastTextSupervised {
		return nil, errors.New("a model of words, expected a classifier of texts")
	}
	if f.labels == nil {
		return nil, errors.New("no labels")
	}
	c := DefaultClassifierConfig()
	c.Dim, c.Epochs, c.MinCount, c.WordNgrams, c.Negative = int(a.Dim), int(a.Epoch), int(a.MinCount), max(1, int(a.WordNgrams)), int(a.Negative)
	c.MinN, c.MaxN, c.Buckets, c.Loss = int(a.MinN), max(0, int(a.MaxN)), int(a.Bucket), fastTextLosses[a.Loss]
	if err := c.Validate(); err != nil {
		return nil, err
	}
	m := &Classifier{Config: c, Words: f.words, Labels: f.labels, tokens: f.tokens, in: f.in.values, out: f.out}
	m.finish()
	return m, nil
}

package words

import (
	"fmt"
	"math"
)

// Method is how vectors are learned.
type Method string

// The methods of Train.
const (
	SkipGram Method = "skipgram" // the words around a word from it
	CBOW     Method = "cbow"     // a word from the mean of those around it
	FastText Method = "fasttext" // skip-gram where a word is the mean of itself and its parts; CBOW can have parts too
)

// Config configures Train. Start from DefaultConfig: what a field says holds, a zero too.
type Config struct {
	Method Method
	Dim    int // D, > 0
	Window int // the most words to each side; each place draws its own from 1 to it
	Epochs int // passes over the text, > 0
	// MinCount is how often a word must be there to be learned.
	MinCount int
	Seed     uint64
	Threads  int // 0 means all; the result doesn't depend on it

	// Negative is how many words are drawn against each pair (negative sampling); 0 goes with Hierarchical.
	Negative int
	// NegativeExponent is the power of a word's count that it is drawn by.
	NegativeExponent float64
	// Hierarchical learns the way to a word in a Huffman tree in place of negative sampling (Morin and Bengio, 2005).
	Hierarchical bool
	// Sample is the frequency from which on words are left out at random, the more the more frequent they are; 0 leaves none out.
	Sample float64
	// The learning rate falls evenly from LearningRate to MinLearningRate.
	LearningRate, MinLearningRate float64

	// MinN and MaxN are the lengths of the parts of a word, in characters, its ends marked by < and >; Buckets is how many vectors they
	// share. For FastText and CBOW; a MaxN of 0 is without parts.
	MinN, MaxN, Buckets int

	// Progress is told how many words are done of all epochs'; nil for silence.
	Progress func(done, total int64)
}

// DefaultConfig returns gensim's settings, and fastText's for that method.
func DefaultConfig(m Method) Config {
	c := Config{
		Method: m, Dim: 100, Window: 5, Epochs: 5, MinCount: 5, Seed: 1, Negative: 5, NegativeExponent: 0.75, Sample: 1e-3,
		LearningRate: 0.025, MinLearningRate: 1e-4,
	}
	if m == FastText {
		c.MinN, c.MaxN, c.Buckets = 3, 6, 2_000_000
	}
	return c
}

// mostWindow bounds windows, words drawn against pairs, and parts of words: beyond it there are no vectors that anyone would want.
const mostWindow = 10_000

// mostBuckets bounds the buckets of parts, so that rows of words and buckets have numbers of 32 bits.
const mostBuckets = 1 << 30

// bound is what a number of a configuration must be within.
type bound struct {
	name               string
	value, least, most int
}

func (b bound) check() error {
	switch {
	case b.value < b.least:
		return fmt.Errorf("%s is %d, expected %d or more", b.name, b.value, b.least)
	case b.value > b.most:
		return fmt.Errorf("%s is %d, expected %d at most", b.name, b.value, b.most)
	}
	return nil
}

// Validate tells what is wrong with the settings, or nil.
func (c Config) Validate() error {
	if c.Method != SkipGram && c.Method != CBOW && c.Method != FastText {
		return fmt.Errorf("words: method %q is not known; known are %s, %s and %s", c.Method, SkipGram, CBOW, FastText)
	}
	for _, b := range []bound{
		{"Dim", c.Dim, 1, mostDim}, {"Window", c.Window, 1, mostWindow}, {"Epochs", c.Epochs, 1, math.MaxInt32}, {"Negative", c.Negative, 0, mostWindow}, {"Threads", c.Threads, 0, math.MaxInt32},
		{"MinCount", c.MinCount, 1, math.MaxInt}, {"MinN", c.MinN, 0, mostWindow}, {"MaxN", c.MaxN, 0, mostWindow}, {"Buckets", c.Buckets, 0, mostBuckets},
	} {
		if err := b.check(); err != nil {
			return fmt.Errorf("words: %w", err)
		}
	}
	for _, f := range []struct {
		name  string
		value float64
	}{{"NegativeExponent", c.NegativeExponent}, {"Sample", c.Sample}, {"LearningRate", c.LearningRate}, {"MinLearningRate", c.MinLearningRate}} {
		if !(f.value >= 0) && f.name != "NegativeExponent" || math.IsNaN(f.value) || math.IsInf(f.value, 0) {
			return fmt.Errorf("words: %s is %g, expected 0 or more", f.name, f.value)
		}
	}
	switch {
	case c.Hierarchical == (c.Negative > 0):
		return fmt.Errorf("words: %d negative samples and hierarchical softmax %v, expected one of the two", c.Negative, c.Hierarchical)
	case c.LearningRate < c.MinLearningRate:
		return fmt.Errorf("words: MinLearningRate %g is above LearningRate %g", c.MinLearningRate, c.LearningRate)
	case c.Method == SkipGram && c.MaxN > 0:
		return fmt.Errorf("words: skip-gram with parts of up to %d characters is the method %s", c.MaxN, FastText)
	case c.MaxN > 0 && (c.MinN < 1 || c.MinN > c.MaxN || c.Buckets < 1):
		return fmt.Errorf("words: parts of %d to %d characters in %d buckets, expected at least one of each and no more than the second", c.MinN, c.MaxN, c.Buckets)
	}
	return nil
}

// parts tells whether words have vectors of their parts.
func (c Config) parts() bool { return c.MaxN > 0 }

package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"path/filepath"
	"time"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/words"
)

// wordsTrainCommand is `finetune words train`.
type wordsTrainCommand struct {
	Data      []string `required:"" sep:"none" placeholder:"FILE|DIR|-" help:"The text. May be given several times."`
	OutputDir string   `required:"" placeholder:"DIR" help:"Directory for the vectors."`
	Method    string   `enum:"skipgram,cbow,fasttext,glove,svd" default:"skipgram" placeholder:"NAME" help:"How they are learned: ${enum} (${default})."`
	Split     string   `placeholder:"NAME|DIR" help:"What a word is. letters: a run of letters and digits, in lower case; chinese: the same, and of Chinese the words of a dictionary; characters: each letter; spaces: what is between them, as it is; or the directory of a tokenizer, whose tokens are words then. Default: letters, or that of --model."`
	Model     string   `placeholder:"DIR|FILE" help:"Go on learning from the vectors of an earlier skipgram, cbow or fasttext, with their words and settings: its directory, or a .bin of fastText with --split spaces."`

	Dim      *int     `placeholder:"D" help:"Dimensions. Default: 100."`
	Window   int      `default:"5" placeholder:"N" help:"Words to each side that belong to a word (${default})."`
	MinCount *int     `placeholder:"N" help:"How often a word must be there. Default: 5."`
	Epochs   *int     `placeholder:"N" help:"Passes over the text. Default: 5; of glove 25."`
	Rate     *float64 `name:"learning-rate" placeholder:"X" help:"Learning rate at the beginning. Default: 0.025; of glove 0.05."`
	Seed     uint64   `default:"1" placeholder:"N" help:"Seed of all random numbers (${default})."`
	Threads  int      `default:"0" placeholder:"N" help:"Threads to run on. Default: all cores that the process may use. The result does not depend on it."`

	Negative *int     `placeholder:"N" help:"Words drawn against each pair. Default: 5."`
	HS       bool     `name:"hs" help:"Learn by hierarchical softmax in place of negative samples."`
	Sample   *float64 `placeholder:"X" help:"Frequency from which on words are left out at random. Default: 1e-3. 0 leaves none out."`
	MinN     *int     `name:"minn" placeholder:"N" help:"fasttext and cbow: the shortest part of a word, in characters. Default: 3."`
	MaxN     *int     `name:"maxn" placeholder:"N" help:"fasttext and cbow: the longest; 0 for no parts. Default: 6; of cbow 0."`
	Buckets  *int     `name:"bucket" placeholder:"N" help:"fasttext and cbow: vectors that all parts share. Default: 2000000."`
	XMax     float64  `name:"x-max" default:"100" placeholder:"X" help:"glove: the weight from which on a pair counts in full (${default})."`
	Alpha    float64  `default:"0.75" placeholder:"X" help:"glove: power of lesser weights (${default})."`
	Memory   float64  `default:"4" placeholder:"GB" help:"glove: about how much memory pairs of words take, in gigabytes. Those that don't fit are kept in files in --output-dir while it learns; the result does not depend on it. 0 keeps all in memory (${default})."`
	Shift    float64  `default:"1" placeholder:"K" help:"svd: k of the shifted PPMI (${default})."`

	Phrases         int     `default:"0" placeholder:"N" help:"Make words that belong together, such as new_york, one word, in N passes: 1 for pairs, 2 for up to four words (${default})."`
	PhraseScoring   string  `enum:"default,npmi" default:"default" placeholder:"default|npmi" help:"How pairs of words are scored, as in gensim (${default})."`
	PhraseThreshold float64 `default:"10" placeholder:"X" help:"Pairs that score more are phrases; with npmi from -1 to 1 (${default})."`
	PhraseMinCount  int     `default:"5" placeholder:"N" help:"How often a pair must be there (${default})."`

	dataFormat
}

// Help is shown below the command's summary.
func (wordsTrainCommand) Help() string {
	return `The names and defaults are those of gensim and fastText. skipgram learns the words around a word from it, cbow a word from those around
it, fasttext also the parts of words, so that it has a vector for any word; glove and svd learn from how often words are near each other.

Examples:

    finetune words train --data corpus.txt --output-dir runs/words
    finetune words train --data corpus/ --method fasttext --dim 300 --epochs 10 --output-dir runs/words
    finetune words train --data poems.txt --split characters --method svd --output-dir runs/characters
    finetune words train --data poems.txt --split runs/tokenizer --output-dir runs/tokens
    finetune words neighbors --model runs/words king`
}

// Run learns vectors.
func (c *wordsTrainCommand) Run(ctx context.Context, s *streams) error {
	if err := checkThreads(c.Threads); err != nil {
		return err
	}
	for _, name := range []string{"words.json", "config.json"} {
		if isFile(c.OutputDir, name) {
			return fmt.Errorf("%s already holds %s; give another --output-dir", c.OutputDir, name)
		}
	}
	useThreads(c.Threads)
	source, err := c.open(c.Data, data.TrainPart, c.Seed, s)
	if err != nil {
		return err
	}
	defer source.Close()
	texts := func() iter.Seq2[[]byte, error] { return interruptibleTexts(ctx, source.Documents()) }
	begin := time.Now()
	kept, split, phrases, err := c.splitter(s, texts)
	if err != nil {
		return interrupted(ctx, err)
	}
	if c.Method == "glove" || c.Method == "svd" {
		err = c.count(ctx, s, texts, kept.name, split)
	} else {
		err = c.predict(ctx, s, texts, kept.name, split)
	}
	if err == nil {
		err = kept.keep(c.OutputDir)
	}
	if err == nil && len(phrases) > 0 {
		err = words.SavePhrases(filepath.Join(c.OutputDir, phrasesName), phrases)
	}
	if err != nil {
		return interrupted(ctx, err)
	}
	s.say("the vectors are in %s after %v; try: finetune words neighbors --model %s WORD", c.OutputDir, time.Since(begin).Round(time.Second/10), shellQuote(c.OutputDir))
	return nil
}

// interruptibleTexts ends texts when the context does.
func interruptibleTexts(ctx context.Context, texts iter.Seq2[[]byte, error]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for text, err := range texts {
			if err == nil && ctx.Err() != nil {
				yield(nil, context.Cause(ctx))
				return
			}
			if !yield(text, err) {
				return
			}
		}
	}
}

// phrasesName is the file of phrases in a directory of vectors.
const phrasesName = "phrases.json"

// split returns what --split names, or the split of --model.
func (c *wordsTrainCommand) split(s *streams) (wordSplit, error) {
	switch {
	case c.Split != "":
		return openSplit(s, c.Split)
	case c.Model == "":
		return openSplit(s, splitLetters)
	}
	name, err := words.SplitOf(c.Model)
	if err != nil {
		return wordSplit{}, err
	}
	return openKeptSplit(s, name, c.Model)
}

// splitter returns what splits the text: by --split, and with the phrases that --phrases finds or that the vectors of --model have.
func (c *wordsTrainCommand) splitter(s *streams, texts words.Texts) (kept wordSplit, split words.Splitter, phrases []*words.Phrases, err error) {
	if kept, err = c.split(s); err != nil {
		return kept, nil, nil, err
	}
	split = kept.by
	if c.Model != "" && isFile(c.Model, phrasesName) {
		if phrases, err = words.OpenPhrases(filepath.Join(c.Model, phrasesName)); err != nil {
			return kept, nil, nil, err
		}
		for _, p := range phrases {
			split = p.Splitter(split)
		}
	}
	const mostPasses = 16 // of which each doubles how long phrases may be
	if err := between("phrases", &c.Phrases, 0, mostPasses); err != nil {
		return kept, nil, nil, err
	}
	usual := words.DefaultPhrasesConfig()
	switch {
	case c.Model != "" && c.Phrases > 0:
		return kept, nil, nil, errors.New("--phrases: a training that goes on keeps the phrases of --model")
	case c.Phrases == 0 && (c.PhraseScoring != string(usual.Scoring) || c.PhraseThreshold != usual.Threshold || c.PhraseMinCount != usual.MinCount):
		return kept, nil, nil, errors.New("--phrase-scoring, --phrase-threshold and --phrase-min-count are for --phrases")
	}
	for range c.Phrases {
		config := usual
		config.Scoring, config.Threshold, config.MinCount = words.PhraseScoring(c.PhraseScoring), c.PhraseThreshold, c.PhraseMinCount
		p, err := words.LearnPhrases(texts, split, config)
		if err != nil {
			return kept, nil, nil, err
		}
		s.say("found %s", plural(len(p.Scores), "phrase"))
		phrases, split = append(phrases, p), p.Splitter(split)
	}
	return kept, split, phrases, nil
}

// config returns the settings of a method that predicts words.
func (c *wordsTrainCommand) config() words.Config {
	w := words.DefaultConfig(words.Method(c.Method))
	w.Window, w.Seed, w.Threads, w.Hierarchical = c.Window, c.Seed, c.Threads, c.HS
	set(&w.Dim, c.Dim)
	set(&w.MinCount, c.MinCount)
	set(&w.Epochs, c.Epochs)
	set(&w.LearningRate, c.Rate)
	set(&w.Sample, c.Sample)
	if c.HS {
		w.Negative = 0
	}
	set(&w.Negative, c.Negative)
	if set(&w.MaxN, c.MaxN); w.MaxN > 0 && w.Buckets == 0 {
		fast := words.DefaultConfig(words.FastText)
		w.MinN, w.Buckets = fast.MinN, fast.Buckets
	}
	set(&w.MinN, c.MinN)
	set(&w.Buckets, c.Buckets)
	w.MinLearningRate = min(w.MinLearningRate, w.LearningRate)
	return w
}

// set sets what a user gave.
func set[T any](value *T, given *T) {
	if given != nil {
		*value = *given
	}
}

// predict learns by skip-gram, CBOW or fastText.
func (c *wordsTrainCommand) predict(ctx context.Context, s *streams, texts words.Texts, splitName string, split words.Splitter) error {
	config := c.config()
	bar := newRateMeter(s, "words")
	config.Progress = bar.show
	var m *words.Model
	var err error
	if c.Model != "" {
		var before string
		if m, before, err = words.OpenModel(c.Model); err != nil {
			return err
		}
		if string(m.Config.Method) != c.Method || before != splitName {
			return fmt.Errorf("%s was learned by --method %s and --split %s; go on with the same", c.Model, m.Config.Method, before)
		}
		err = m.Continue(ctx, texts, split, config)
	} else {
		m, err = words.Train(ctx, texts, split, config)
	}
	bar.done()
	if err != nil {
		return err
	}
	return m.SaveDir(c.OutputDir, splitName)
}

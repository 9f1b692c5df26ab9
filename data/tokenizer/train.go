package tokenizer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/training"
)

// TrainConfig says what tokenizer is trained. NewTrainConfig returns one with defaults.
type TrainConfig struct {
	// Model is the kind: "char", "bpe", "wordpiece", "unigram" or "word".
	Model string
	// VocabSize is the number of tokens to stop at, special ones included. A
	// small corpus may yield fewer. 0 sets no bound, which only "char" and "word" allow.
	VocabSize int
	// MinFrequency is how often a pair, a word or a character must occur; default 0.
	MinFrequency int64
	// Cased keeps upper case apart from lower case in "wordpiece" and "word"; default true for "word".
	Cased bool
	// Chinese segments Chinese into words by a dictionary, in "word". Only this
	// package can run the tokenizer that results. Default false.
	Chinese bool
	// Split says by whose pattern "bpe" without ByteFallback takes text apart: "gpt2", "cl100k" (GPT-4 and Llama 3), or "qwen2", which
	// also brings characters into Unicode's composed form (NFC); default "gpt2".
	Split string
	// ByteFallback makes the words of "bpe" consist of characters, as in Llama 2, and not
	// of bytes, as in GPT-2; characters outside of the vocabulary are spelled as bytes. Default false.
	ByteFallback bool
	// Coverage is the share of the text whose characters "unigram", and "bpe" with
	// ByteFallback, put into the vocabulary, the most frequent first; default 0.9995 for both.
	Coverage float64
	// Special lists the special tokens, which come first in the vocabulary.
	Special []string
	// MaxMemory bounds the memory for the words of the corpus, in bytes: beyond
	// it they are counted by way of temporary files, and the rarest are left out
	// if the rest would not fit. 0, the default, sets no bound.
	MaxMemory int64
	// TempDir is where such files go; "" stands for the system's directory.
	TempDir string
	// Threads is the number of threads to count on; 0, the default, stands for
	// all cores. The result does not depend on it.
	Threads int
	// Progress, if set, hears how far the training is.
	Progress func(Progress)
}

// Progress says how far a training is.
type Progress struct {
	Stage string // "reading" or "learning"
	Done  int64  // bytes read, or tokens learned
	Total int64  // tokens to learn; 0 while reading
}

// EndOfTextToken is the name of the token that ends a text in the tokenizers that Train makes.
const EndOfTextToken = "<|endoftext|>"

const unknownToken = "<unk>"

// NewTrainConfig returns the defaults for a kind of model.
func NewTrainConfig(kind string) TrainConfig {
	c := TrainConfig{Model: kind, VocabSize: 8000, Special: []string{EndOfTextToken}}
	switch kind {
	case "char":
		c.VocabSize = 0
		c.Special = append(c.Special, unknownToken)
	case "bpe":
		c.Coverage, c.Split = 0.9995, "gpt2"
	case "wordpiece":
		c.Special = slices.Clone(bertSpecial)
	case "unigram":
		c.Special = []string{unknownToken, EndOfTextToken}
		c.Coverage = 0.9995
	case "word":
		c.Special = append(c.Special, unknownToken)
		c.Cased = true
	}
	return c
}

// Validate returns an error that says what is wrong with c.
func (c *TrainConfig) Validate() error {
	least, unknown := 0, ""
	switch c.Model {
	case "char":
	case "bpe":
		least = 256 + len(c.Special)
	case "wordpiece":
		least, unknown = len(c.Special)+1, "[UNK]"
	case "unigram":
		least, unknown = len(c.Special)+1, unknownToken
	case "word":
		unknown = unknownToken
	default:
		return fmt.Errorf("tokenizer: train: model must be char, bpe, wordpiece, unigram or word, got %q", c.Model)
	}
	if c.ByteFallback && c.Model != "bpe" {
		return fmt.Errorf("tokenizer: train: only bpe models fall back to bytes, not %s", c.Model)
	}
	if (c.Model == "unigram" || c.ByteFallback) && !(c.Coverage > 0 && c.Coverage <= 1) {
		return fmt.Errorf("tokenizer: train: coverage must be above 0 and at most 1, got %g", c.Coverage)
	}
	switch {
	case c.Model != "bpe" && c.Split != "":
		return fmt.Errorf("tokenizer: train: a split is for bpe models, not for %s", c.Model)
	case c.ByteFallback && c.Split != "" && c.Split != "gpt2":
		return fmt.Errorf("tokenizer: train: bpe models that fall back to bytes split at spaces, not as %s", c.Split)
	case c.Model == "bpe" && !c.ByteFallback && !slices.Contains(trainedSplits, c.Split):
		return fmt.Errorf("tokenizer: train: split must be %s, got %q", strings.Join(trainedSplits, ", "), c.Split)
	}
	if c.Chinese && c.Model != "word" {
		return fmt.Errorf("tokenizer: train: only word models segment Chinese, not %s", c.Model)
	}
	if c.Cased && c.Model != "wordpiece" && c.Model != "word" {
		return fmt.Errorf("tokenizer: train: cased is for wordpiece and word models; %s models always keep the case", c.Model)
	}
	if c.VocabSize < least {
		return fmt.Errorf("tokenizer: train: a %s model with %d special tokens has at least %d tokens, got a vocabulary of %d", c.Model, len(c.Special), least, c.VocabSize)
	}
	if unknown != "" && !slices.Contains(c.Special, unknown) {
		return fmt.Errorf("tokenizer: train: the special tokens of a %s model must include %s", c.Model, unknown)
	}
	if c.MaxMemory < 0 || c.Threads < 0 || c.MinFrequency < 0 || c.VocabSize < 0 {
		return fmt.Errorf("tokenizer: train: sizes must not be negative, got vocabulary %d, minimal frequency %d, memory %d, threads %d", c.VocabSize, c.MinFrequency, c.MaxMemory, c.Threads)
	}
	for i, s := range c.Special {
		if s == "" || slices.Contains(c.Special[:i], s) {
			return fmt.Errorf("tokenizer: train: special token %d, %q, is empty or a repetition", i, s)
		}
	}
	return nil
}

// ErrEmptyCorpus is returned for a corpus without text.
var ErrEmptyCorpus = errors.New("tokenizer: train: the corpus is empty")

// Train learns a tokenizer from a corpus. The same corpus gives the same
// tokenizer, on any number of threads.
func Train(ctx context.Context, c TrainConfig, corpus Corpus) (*Tokenizer, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	var file *tokenizerjson.File
	var err error
	switch c.Model {
	case "char":
		file, err = c.trainChar(ctx, corpus)
	case "bpe":
		if c.ByteFallback {
			file, err = c.trainCharacterBPE(ctx, corpus)
		} else {
			file, err = c.trainBPE(ctx, corpus)
		}
	case "wordpiece":
		file, err = c.trainWordPiece(ctx, corpus)
	case "unigram":
		file, err = c.trainUnigram(ctx, corpus)
	case "word":
		file, err = c.trainWord(ctx, corpus)
	}
	if err != nil {
		return nil, err
	}
	return newTokenizer(file, c.settings())
}

// wordCosts are about the bytes of memory that learning takes for each byte of
// a word: a symbol and places in lists for BPE, pieces at every position for unigram.
var wordCosts = map[string]int64{"bpe": 24, "wordpiece": 24, "unigram": 160, "word": 8}

// count counts what split makes of the documents.
func (c *TrainConfig) count(ctx context.Context, corpus Corpus, split func(document []byte, yield func(word []byte))) ([]training.Word, error) {
	words, err := training.Count(ctx, corpus, training.CountConfig{
		Split:     split,
		Threads:   c.Threads,
		MaxMemory: c.MaxMemory,
		WordCost:  wordCosts[c.Model],
		TempDir:   c.TempDir,
		Progress: func(bytes int64) {
			if c.Progress != nil {
				c.Progress(Progress{Stage: "reading", Done: bytes})
			}
		},
	})
	if err == nil && len(words) == 0 {
		err = ErrEmptyCorpus
	}
	return words, err
}

func (c *TrainConfig) learning(tokens int) {
	if c.Progress != nil {
		c.Progress(Progress{Stage: "learning", Done: int64(tokens), Total: int64(c.VocabSize)})
	}
}

// special returns the special tokens as added tokens.
func (c *TrainConfig) special() []tokenizerjson.AddedToken {
	out := make([]tokenizerjson.AddedToken, len(c.Special))
	for id, s := range c.Special {
		out[id] = tokenizerjson.AddedToken{ID: int32(id), Content: s, Special: true}
	}
	return out
}

// settings returns what goes into tokenizer_config.json.
func (c *TrainConfig) settings() map[string]json.RawMessage {
	s := map[string]json.RawMessage{
		"tokenizer_class":              json.RawMessage(`"PreTrainedTokenizerFast"`),
		"clean_up_tokenization_spaces": json.RawMessage("false"),
	}
	roles := map[string][]string{
		"eos_token":  {EndOfTextToken, "</s>"},
		"bos_token":  {EndOfTextToken, "<s>"},
		"unk_token":  {unknownToken, "[UNK]"},
		"pad_token":  {"<pad>", "[PAD]"},
		"cls_token":  {"[CLS]"},
		"sep_token":  {"[SEP]"},
		"mask_token": {"[MASK]"},
	}
	for role, names := range roles {
		for _, name := range names {
			if slices.Contains(c.Special, name) {
				s[role], _ = json.Marshal(name)
				break
			}
		}
	}
	return s
}

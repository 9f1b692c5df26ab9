package tokenizer

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/training"
)

// words counts the words that a normalizer and a pre-tokenizer, which separates
// words at white space, make of the corpus. They see each string between white
// space once, however often it occurs.
func (c *TrainConfig) words(ctx context.Context, corpus Corpus, n normalize.Normalizer, p pretok.PreTokenizer) ([]training.Word, error) {
	strings, err := c.count(ctx, corpus, func(document []byte, yield func([]byte)) {
		for i := 0; i < len(document); {
			if isBlank(document[i]) {
				i++
				continue
			}
			end := i + 1
			for end < len(document) && !isBlank(document[end]) {
				end++
			}
			yield(document[i:end])
			i = end
		}
	})
	if err != nil {
		return nil, err
	}
	words, err := training.Expand(strings, c.Threads, func(s []byte, yield func([]byte)) error {
		text := normalize.NewText(s, false)
		if n != nil {
			if err := n.Normalize(&text); err != nil {
				return err
			}
		}
		pieces, err := p.PreTokenize([]pretok.Piece{{Text: text, ID: -1}})
		for i := range pieces {
			if len(pieces[i].Text.Bytes) > 0 {
				yield(pieces[i].Text.Bytes)
			}
		}
		return err
	})
	if err == nil && len(words) == 0 {
		err = ErrEmptyCorpus
	}
	return words, err
}

// The names that BERT has for its special tokens.
var bertSpecial = []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"}

func (c *TrainConfig) trainWordPiece(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	const prefix = "##"
	n := normalize.Bert{CleanText: true, HandleChineseChars: true, Lowercase: !c.Cased}
	words, err := c.words(ctx, corpus, n, pretok.Bert{})
	if err != nil {
		return nil, err
	}
	tokens, _, err := training.BPE(ctx, words, training.BPEConfig{
		VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, Special: c.Special, Prefix: prefix, Progress: c.learning,
	})
	if err != nil {
		return nil, err
	}
	return &tokenizerjson.File{
		AddedTokens:   c.special(),
		Normalizer:    n,
		PreTokenizer:  pretok.Bert{},
		PostProcessor: c.frame("[CLS]", "[SEP]"),
		Decoder:       decode.WordPiece{Prefix: prefix, Cleanup: true},
		Model:         model.WordPieceConfig{Vocab: model.NewVocabList(tokens), Unknown: "[UNK]", Prefix: prefix, MaxChars: 100},
	}, nil
}

// frame puts first and last around a text, if both are special tokens.
func (c *TrainConfig) frame(first, last string) postprocess.Processor {
	a, b := slices.Index(c.Special, first), slices.Index(c.Special, last)
	if a < 0 || b < 0 {
		return nil
	}
	return postprocess.Bert{Cls: postprocess.Special{Token: first, ID: int32(a)}, Sep: postprocess.Special{Token: last, ID: int32(b)}}
}

func (c *TrainConfig) trainUnigram(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	n := normalize.Sequence{normalize.Nmt{}, normalize.NFKC}
	p := pretok.Sequence{pretok.WhitespaceSplit{}, pretok.Metaspace{Replacement: "▁", PrependScheme: pretok.Always, Split: true}}
	words, err := c.words(ctx, corpus, n, p)
	if err != nil {
		return nil, err
	}
	pieces, err := training.Unigram(ctx, words, training.UnigramConfig{
		Size: c.VocabSize - len(c.Special), Coverage: c.Coverage, MaxChars: 16, Threads: c.Threads,
		Progress: func(pieces int) { c.learning(pieces) },
	})
	if err != nil {
		return nil, err
	}
	config := model.UnigramConfig{Unknown: int32(slices.Index(c.Special, unknownToken))}
	for _, s := range c.Special {
		config.Pieces = append(config.Pieces, model.Piece{Token: s})
	}
	for _, p := range pieces {
		if !slices.Contains(c.Special, p.Token) {
			config.Pieces = append(config.Pieces, p)
		}
	}
	return &tokenizerjson.File{
		AddedTokens:  c.special(),
		Normalizer:   n,
		PreTokenizer: p,
		Decoder:      decode.Metaspace{Replacement: "▁", PrependScheme: "always", Split: true},
		Model:        config,
	}, nil
}

func (c *TrainConfig) trainWord(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	var n normalize.Normalizer
	if !c.Cased {
		n = normalize.Lowercase{}
	}
	var p pretok.PreTokenizer = pretok.Bert{}
	if c.Chinese {
		p = pretok.Sequence{pretok.Bert{}, pretok.Chinese{}}
	}
	words, err := c.words(ctx, corpus, n, p)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(words, func(a, b training.Word) int { return int(min(max(b.Count-a.Count, -1), 1)) })
	limit := math.MaxInt
	if c.VocabSize > 0 {
		limit = c.VocabSize
	}
	tokens := slices.Clone(c.Special)
	for _, w := range words {
		if len(tokens) >= limit || w.Count < c.MinFrequency {
			break
		}
		if !slices.Contains(c.Special, w.Text) {
			tokens = append(tokens, w.Text)
		}
	}
	if len(tokens) == len(c.Special) {
		return nil, fmt.Errorf("tokenizer: train: no word occurs %d times", c.MinFrequency)
	}
	return &tokenizerjson.File{
		AddedTokens:  c.special(),
		Normalizer:   n,
		PreTokenizer: p,
		Model:        model.WordLevelConfig{Vocab: model.NewVocabList(tokens), Unknown: unknownToken},
	}, nil
}

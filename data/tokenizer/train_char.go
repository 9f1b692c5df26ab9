package tokenizer

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/training"
)

// trainChar makes a vocabulary of characters. It is kept as a BPE that merges
// nothing, the one model of tokenizer.json that takes a text apart into characters.
func (c *TrainConfig) trainChar(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	chars, err := c.count(ctx, corpus, eachRune)
	if err != nil {
		return nil, err
	}
	chars = slices.DeleteFunc(chars, func(w training.Word) bool { return w.Count < c.MinFrequency })
	if room := c.VocabSize - len(c.Special); c.VocabSize > 0 && len(chars) > room {
		slices.SortStableFunc(chars, func(a, b training.Word) int { return int(min(max(b.Count-a.Count, -1), 1)) })
		chars = chars[:max(room, 0)]
	}
	tokens := slices.Clone(c.Special)
	for _, w := range chars {
		if !slices.Contains(c.Special, w.Text) {
			tokens = append(tokens, w.Text)
		}
	}
	slices.Sort(tokens[len(c.Special):])
	config := model.BPEConfig{Vocab: model.NewVocabList(tokens)}
	if slices.Contains(c.Special, unknownToken) {
		config.Unknown = unknownToken
	}
	return &tokenizerjson.File{AddedTokens: c.special(), Decoder: decode.Fuse{}, Model: config}, nil
}

// eachRune calls yield for each valid character of a document.
func eachRune(document []byte, yield func(word []byte)) {
	for i := 0; i < len(document); {
		r, w := utf8.DecodeRune(document[i:])
		if r != utf8.RuneError || w > 1 {
			yield(document[i : i+w])
		}
		i += w
	}
}

package tokenizer

import (
	"context"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/tokenizerjson"
	"github.com/seahorse-ml/seahorse/data/tokenizer/training"
)

func (c *TrainConfig) trainBPE(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	words, err := c.count(ctx, corpus, func(document []byte, yield func([]byte)) {
		for i := 0; i < len(document); {
			end := pretok.ScanGPT2(document, i)
			yield(document[i:end])
			i = end
		}
	})
	if err != nil {
		return nil, err
	}
	symbols := make([]string, 256)
	for b := range symbols {
		symbols[b] = string(model.ByteRune(byte(b)))
	}
	tokens, merges, err := training.BPE(ctx, words, training.BPEConfig{
		VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, Special: c.Special, Symbols: symbols, Progress: c.learning,
	})
	if err != nil {
		return nil, err
	}
	return &tokenizerjson.File{
		AddedTokens:   c.special(),
		PreTokenizer:  pretok.ByteLevel{UseRegex: true},
		PostProcessor: postprocess.ByteLevel{UseRegex: true},
		Decoder:       decode.ByteLevel{UseRegex: true},
		Model:         model.BPEConfig{Vocab: model.NewVocabList(tokens), Merges: merges},
	}, nil
}

// trainCharacterBPE merges characters of words that begin with the mark for a
// space, and has a token for each byte beside them, as Llama 2 does.
func (c *TrainConfig) trainCharacterBPE(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	p := pretok.Metaspace{Replacement: metaMark, PrependScheme: pretok.Always, Split: true}
	words, err := c.words(ctx, corpus, nil, p)
	if err != nil {
		return nil, err
	}
	first := slices.Clone(c.Special)
	for b := range 256 {
		first = append(first, model.FallbackToken(byte(b)))
	}
	tokens, merges, err := training.BPE(ctx, words, training.BPEConfig{
		VocabSize: c.VocabSize, MinFrequency: c.MinFrequency, Special: first, Coverage: c.Coverage, Progress: c.learning,
	})
	if err != nil {
		return nil, err
	}
	return &tokenizerjson.File{
		AddedTokens:  c.special(),
		PreTokenizer: p,
		Decoder:      metaDecoder(true),
		Model:        model.BPEConfig{Vocab: model.NewVocabList(tokens), Merges: merges, ByteFallback: true},
	}, nil
}

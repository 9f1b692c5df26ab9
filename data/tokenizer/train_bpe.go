package tokenizer

import (
	"context"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/training"
)

// trainedSplits are the ways to take text apart that byte-level models are learned with: those that have a scanner.
var trainedSplits = []string{"gpt2", "cl100k", "qwen2"}

func (c *TrainConfig) trainBPE(ctx context.Context, corpus Corpus) (*tokenizerjson.File, error) {
	file, err := byteLevel(model.BPEConfig{}, c.Split)
	if err != nil {
		return nil, err
	}
	words, err := c.byteLevelWords(ctx, corpus, file)
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
	file.AddedTokens = c.special()
	file.Model = model.BPEConfig{Vocab: model.NewVocabList(tokens), Merges: merges}
	return file, nil
}

// byteLevelWords counts the words that a file of byteLevel splits a corpus into.
func (c *TrainConfig) byteLevelWords(ctx context.Context, corpus Corpus, file *tokenizerjson.File) ([]training.Word, error) {
	scan := pretok.ScanGPT2
	if p, ok := file.PreTokenizer.(pretok.Sequence); ok {
		scan = p[0].(pretok.Split).Scanner()
	}
	return c.count(ctx, corpus, func(document []byte, yield func([]byte)) {
		if file.Normalizer == normalize.NFC {
			text := normalize.NewText(document, false)
			_ = normalize.NFC.Normalize(&text) // which can't fail
			document = text.Bytes
		}
		for i := 0; i < len(document); {
			end := scan(document, i)
			yield(document[i:end])
			i = end
		}
	})
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

package tokenizer

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tiktoken"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// byteLevel makes a tokenizer.json of a byte-level BPE that splits text by the named pattern.
func byteLevel(c model.BPEConfig, split string) (*tokenizerjson.File, error) {
	file := &tokenizerjson.File{Model: c, Decoder: decode.ByteLevel{UseRegex: true}, PostProcessor: postprocess.ByteLevel{UseRegex: true}}
	expression := ""
	switch split {
	case "gpt2":
		file.PreTokenizer = pretok.ByteLevel{UseRegex: true}
		return file, nil
	case "smollm":
		file.PreTokenizer = pretok.Sequence{pretok.Digits{IndividualDigits: true}, pretok.ByteLevel{UseRegex: true}}
		return file, nil
	case "cl100k":
		expression = pretok.CL100KPattern
	case "qwen2":
		expression = pretok.QwenPattern
		file.Normalizer = normalize.NFC
	case "o200k":
		expression = pretok.O200KPattern
	default:
		return nil, fmt.Errorf("tokenizer: unknown way to split text: %.80q", split)
	}
	p, err := pattern.Regex(expression)
	if err != nil {
		return nil, err
	}
	file.PreTokenizer = pretok.Sequence{pretok.Split{Pattern: p, Behavior: pretok.Isolated}, pretok.ByteLevel{}}
	return file, nil
}

// fromTiktoken makes a tokenizer.json of a rank file. The file does not say how
// text is split, so its name has to.
func fromTiktoken(tokens []tiktoken.Token, name string) (*tokenizerjson.File, error) {
	ids := make(map[string]int32, len(tokens))
	for _, t := range tokens {
		ids[model.EncodeBytes([]byte(t.Bytes))] = t.Rank
	}
	v, err := model.NewVocab(ids)
	if err != nil {
		return nil, err
	}
	byRank := make([]string, len(tokens))
	for i, t := range tokens {
		byRank[i] = model.EncodeBytes([]byte(t.Bytes))
	}
	merges := mergesByScore(byRank, func(i int32) float64 { return -float64(i) })
	split := "cl100k"
	for _, known := range []struct{ part, split string }{
		{"gpt2", "gpt2"}, {"r50k", "gpt2"}, {"p50k", "gpt2"}, {"o200k", "o200k"}, {"qwen", "qwen2"},
	} {
		if strings.Contains(strings.ToLower(name), known.part) {
			split = known.split
			break
		}
	}
	return byteLevel(model.BPEConfig{Vocab: v, Merges: merges, IgnoreMerges: true}, split)
}

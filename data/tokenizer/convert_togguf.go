package tokenizer

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/spm"
	"github.com/seahorse-ml/seahorse/internal/gguf"
)

// preBySplit is splitsByPre the other way round.
var preBySplit = map[string]string{"gpt2": "gpt-2", "smollm": "smollm", "qwen2": "qwen2", "cl100k": "llama-bpe", "o200k": "gpt-4o"}

// GGUF returns the metadata by which a GGUF file describes the tokenizer. A tokenizer that llama.cpp has no equal of is an error.
func (t *Tokenizer) GGUF() (gguf.Meta, error) {
	tokens, types := t.ggufTokens()
	var m gguf.Meta
	var err error
	switch c := t.file.Model.(type) {
	case model.BPEConfig:
		m, err = t.ggufBPE(c, tokens, types)
	case model.UnigramConfig:
		m, err = t.ggufUnigram(c, len(tokens))
	case model.WordPieceConfig:
		m = gguf.Meta{{Key: "tokenizer.ggml.model", Value: "bert"}, {Key: "tokenizer.ggml.pre", Value: "jina-v2-en"}}
		for id, token := range tokens {
			if word, ok := strings.CutPrefix(token, c.Prefix); ok {
				tokens[id] = word
			} else if types[id] != spm.Control {
				tokens[id] = metaMark + token
			}
		}
	default:
		err = errors.New("tokenizer: a vocabulary of words has no equal in GGUF files")
	}
	if err != nil {
		return nil, err
	}
	m = append(m, gguf.Pair{Key: "tokenizer.ggml.tokens", Value: tokens}, gguf.Pair{Key: "tokenizer.ggml.token_type", Value: types})
	for role, key := range map[string]string{
		"bos_token": "bos_token_id", "eos_token": "eos_token_id", "unk_token": "unknown_token_id", "pad_token": "padding_token_id",
		"sep_token": "seperator_token_id", "cls_token": "cls_token_id", "mask_token": "mask_token_id",
	} {
		if id, ok := t.Special(role); ok {
			m = append(m, gguf.Pair{Key: "tokenizer.ggml." + key, Value: uint32(id)})
		}
	}
	if stops := t.EndsOfText(); len(stops) > 1 {
		m = append(m, gguf.Pair{Key: "tokenizer.ggml.eot_token_id", Value: uint32(stops[1])})
	}
	if m.Text("tokenizer.ggml.model") != "bert" {
		framed := t.AppendIDs(nil, nil, true)
		bos, hasBOS := t.Special("bos_token")
		m = append(m, gguf.Pair{Key: "tokenizer.ggml.add_bos_token", Value: hasBOS && len(framed) > 0 && framed[0] == bos})
		eos, hasEOS := t.Special("eos_token")
		m = append(m, gguf.Pair{Key: "tokenizer.ggml.add_eos_token", Value: hasEOS && len(framed) > 0 && framed[len(framed)-1] == eos && (len(framed) > 1 || bos != eos)})
	}
	if s := t.ChatTemplate(); s != "" {
		m = append(m, gguf.Pair{Key: "tokenizer.chat_template", Value: s})
	}
	slices.SortStableFunc(m, func(a, b gguf.Pair) int { return strings.Compare(a.Key, b.Key) })
	return m, nil
}

// ggufTokens returns all tokens with their types; ids without a token have names of their own.
func (t *Tokenizer) ggufTokens() (tokens []string, types []int32) {
	n := t.VocabSize()
	tokens, types = make([]string, n), make([]int32, n)
	for id := range tokens {
		types[id] = spm.Normal
		token, ok := t.Token(int32(id))
		if tokens[id] = token; !ok {
			tokens[id], types[id] = fmt.Sprintf("[PAD%d]", id), spm.Unused
		}
	}
	for _, a := range t.file.AddedTokens {
		if types[a.ID] = spm.UserDefined; a.Special {
			types[a.ID] = spm.Control
		}
	}
	return tokens, types
}

// ggufBPE describes a byte-level BPE, or one of characters as SentencePiece has them.
func (t *Tokenizer) ggufBPE(c model.BPEConfig, tokens []string, types []int32) (gguf.Meta, error) {
	if c.ByteFallback {
		return t.ggufPieceBPE(c, tokens, types)
	}
	for split, pre := range preBySplit {
		same, err := byteLevel(c, split)
		if err != nil || !reflect.DeepEqual(withoutOffsets(same.PreTokenizer), withoutOffsets(t.file.PreTokenizer)) || !reflect.DeepEqual(same.Normalizer, t.file.Normalizer) {
			continue
		}
		var merges []string
		for _, m := range c.Merges {
			merges = append(merges, m[0]+" "+m[1])
		}
		return gguf.Meta{
			{Key: "tokenizer.ggml.model", Value: "gpt2"}, {Key: "tokenizer.ggml.pre", Value: pre}, {Key: "tokenizer.ggml.merges", Value: merges},
		}, nil
	}
	return nil, errors.New("tokenizer: this way to split text has no equal in GGUF files")
}

// withoutOffsets returns a way to split text without what says where its pieces lie, which doesn't change them.
func withoutOffsets(p pretok.PreTokenizer) pretok.PreTokenizer {
	switch p := p.(type) {
	case pretok.ByteLevel:
		p.TrimOffsets = false
		return p
	case pretok.Sequence:
		parts := slices.Clone(p)
		for i, part := range parts {
			parts[i] = withoutOffsets(part)
		}
		return parts
	}
	return p
}

// ggufPieceBPE gives tokens scores by which the same pairs merge first.
func (t *Tokenizer) ggufPieceBPE(c model.BPEConfig, tokens []string, types []int32) (gguf.Meta, error) {
	scores := make([]float32, len(tokens))
	for i := range scores {
		scores[i] = -float32(len(c.Merges)) - 1
	}
	for rank := len(c.Merges) - 1; rank >= 0; rank-- {
		if id, ok := c.Vocab.ID(c.Merges[rank][0] + c.Merges[rank][1]); ok {
			scores[id] = -float32(rank)
		}
	}
	for id, token := range tokens {
		if len(token) == 6 && strings.HasPrefix(token, "<0x") && types[id] != spm.Control {
			types[id] = spm.Byte
		}
		if token == c.Unknown {
			types[id] = spm.Unknown
		}
	}
	return gguf.Meta{
		{Key: "tokenizer.ggml.model", Value: "llama"}, {Key: "tokenizer.ggml.pre", Value: "default"}, {Key: "tokenizer.ggml.scores", Value: scores},
		{Key: "tokenizer.ggml.add_space_prefix", Value: t.prefixesSpace()},
	}, nil
}

// prefixesSpace tells whether a text is encoded with a space before it.
func (t *Tokenizer) prefixesSpace() bool {
	ids := t.AppendIDs(nil, []byte("a"), false)
	if len(ids) == 0 {
		return false
	}
	first, _ := t.Token(ids[0])
	return strings.HasPrefix(first, metaMark)
}

func (t *Tokenizer) ggufUnigram(c model.UnigramConfig, n int) (gguf.Meta, error) {
	scores := make([]float32, n)
	for i, p := range c.Pieces {
		scores[i] = float32(p.Score)
	}
	for i := len(c.Pieces); i < n; i++ {
		scores[i] = -math.MaxFloat32
	}
	return gguf.Meta{
		{Key: "tokenizer.ggml.model", Value: "t5"}, {Key: "tokenizer.ggml.pre", Value: "default"}, {Key: "tokenizer.ggml.scores", Value: scores},
		{Key: "tokenizer.ggml.add_space_prefix", Value: t.prefixesSpace()},
	}, nil
}

package tokenizerjson

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/model"
)

func marshalModel(c any) (json.RawMessage, error) {
	switch c := c.(type) {
	case model.BPEConfig:
		merges, err := marshal(c.Merges)
		if err != nil {
			return nil, err
		}
		if c.Merges == nil {
			merges = []byte("[]")
		}
		return tagged("BPE", struct {
			Dropout                 *float64        `json:"dropout"`
			UnkToken                *string         `json:"unk_token"`
			ContinuingSubwordPrefix *string         `json:"continuing_subword_prefix"`
			EndOfWordSuffix         *string         `json:"end_of_word_suffix"`
			FuseUnk                 bool            `json:"fuse_unk"`
			ByteFallback            bool            `json:"byte_fallback"`
			IgnoreMerges            bool            `json:"ignore_merges"`
			Vocab                   orderedVocab    `json:"vocab"`
			Merges                  json.RawMessage `json:"merges"`
		}{
			optional(c.Dropout), optional(c.Unknown), optional(c.Prefix), optional(c.Suffix),
			c.FuseUnknown, c.ByteFallback, c.IgnoreMerges, orderedVocab{c.Vocab}, merges,
		})
	case model.WordPieceConfig:
		return tagged("WordPiece", struct {
			UnkToken                string       `json:"unk_token"`
			ContinuingSubwordPrefix string       `json:"continuing_subword_prefix"`
			MaxInputCharsPerWord    int          `json:"max_input_chars_per_word"`
			Vocab                   orderedVocab `json:"vocab"`
		}{c.Unknown, c.Prefix, c.MaxChars, orderedVocab{c.Vocab}})
	case model.WordLevelConfig:
		return tagged("WordLevel", struct {
			Vocab    orderedVocab `json:"vocab"`
			UnkToken string       `json:"unk_token"`
		}{orderedVocab{c.Vocab}, c.Unknown})
	case model.UnigramConfig:
		m := struct {
			UnkID        *int32   `json:"unk_id"`
			Vocab        []scored `json:"vocab"`
			ByteFallback bool     `json:"byte_fallback"`
		}{ByteFallback: c.ByteFallback, Vocab: make([]scored, len(c.Pieces))}
		if c.Unknown >= 0 {
			m.UnkID = &c.Unknown
		}
		for i, p := range c.Pieces {
			m.Vocab[i] = scored(p)
		}
		return tagged("Unigram", m)
	}
	return nil, fmt.Errorf("cannot write a %T", c)
}

// scored is a token with its score, written as a list of the two.
type scored model.Piece

// MarshalJSON implements json.Marshaler.
func (s scored) MarshalJSON() ([]byte, error) { return marshal([]any{s.Token, s.Score}) }

// optional returns nil, which is written as null, for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// orderedVocab is written in the order of the ids. Of a token with several ids, the one that it is known by is written.
type orderedVocab struct{ *model.Vocab }

// MarshalJSON implements json.Marshaler.
func (v orderedVocab) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for id := range int32(v.Len()) {
		token, _ := v.Token(id)
		if known, ok := v.ID(token); !ok || known != id {
			continue
		}
		key, err := marshal(token)
		if err != nil {
			return nil, err
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(out, key...)
		out = fmt.Appendf(out, ":%d", id)
	}
	return append(out, '}'), nil
}

// marshal writes v without escapes for HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

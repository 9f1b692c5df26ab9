package tokenizerjson

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/model"
)

// bpe is a BPE model as the file has it.
type bpe struct {
	Dropout                 *float64         `json:"dropout"`
	UnkToken                *string          `json:"unk_token"`
	ContinuingSubwordPrefix *string          `json:"continuing_subword_prefix"`
	EndOfWordSuffix         *string          `json:"end_of_word_suffix"`
	FuseUnk                 bool             `json:"fuse_unk"`
	ByteFallback            bool             `json:"byte_fallback"`
	IgnoreMerges            bool             `json:"ignore_merges"`
	Vocab                   map[string]int32 `json:"vocab"`
	Merges                  []merge          `json:"merges"`
}

func parseModel(b json.RawMessage) (any, error) {
	var t struct {
		Type   string           `json:"type"`
		Merges *json.RawMessage `json:"merges"`
	}
	if err := json.Unmarshal(b, &t); err != nil {
		return nil, err
	}
	if t.Type == "" && t.Merges != nil {
		t.Type = "BPE" // files written before models had types
	}
	switch t.Type {
	case "BPE":
		return parseBPE(b)
	case "WordPiece":
		return parseWordPiece(b)
	case "WordLevel":
		return parseWordLevel(b)
	case "Unigram":
		return parseUnigram(b)
	case "":
		return nil, fmt.Errorf("no model, or one without a type")
	}
	return nil, fmt.Errorf("unknown type %q", t.Type)
}

func parseBPE(b json.RawMessage) (any, error) {
	m, err := read(b, bpe{})
	if err != nil {
		return nil, err
	}
	c := model.BPEConfig{FuseUnknown: m.FuseUnk, ByteFallback: m.ByteFallback, IgnoreMerges: m.IgnoreMerges}
	if c.Vocab, err = model.NewVocab(m.Vocab); err != nil {
		return nil, err
	}
	for _, pair := range m.Merges {
		if pair != (merge{}) { // a line with the version
			c.Merges = append(c.Merges, pair)
		}
	}
	if m.Dropout != nil {
		c.Dropout = *m.Dropout
	}
	for to, from := range map[*string]*string{&c.Unknown: m.UnkToken, &c.Prefix: m.ContinuingSubwordPrefix, &c.Suffix: m.EndOfWordSuffix} {
		if from != nil {
			*to = *from
		}
	}
	return c, nil
}

// merge is a pair of tokens, written as a list or with a space between them.
type merge [2]string

// UnmarshalJSON implements json.Unmarshaler.
func (m *merge) UnmarshalJSON(b []byte) error {
	if b[0] == '"' {
		var line string
		if err := json.Unmarshal(b, &line); err != nil {
			return err
		}
		pairs, err := ParseMergeLines([]string{line})
		if err == nil && len(pairs) == 1 {
			*m = pairs[0]
		}
		return err
	}
	var pair []string
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("BPE: a merge has %d parts, expected 2: %.80s", len(pair), b)
	}
	*m = merge(pair)
	return nil
}

// ParseMergeLines reads merges written as two tokens with a space between them,
// as in merges.txt; a line that begins with #version is passed over.
func ParseMergeLines(lines []string) ([][2]string, error) {
	out := make([][2]string, 0, len(lines))
	for i, line := range lines {
		if strings.HasPrefix(line, "#version") {
			continue
		}
		left, right, ok := strings.Cut(line, " ")
		if !ok || strings.Contains(right, " ") {
			return nil, fmt.Errorf("BPE: merge %d: expected two tokens with a space between them, got %.80q", i, line)
		}
		out = append(out, [2]string{left, right})
	}
	return out, nil
}

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
		m := unigram{ByteFallback: c.ByteFallback, Vocab: make([]scored, len(c.Pieces))}
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

// UnmarshalJSON implements json.Unmarshaler.
func (s *scored) UnmarshalJSON(b []byte) error {
	pair := []any{&s.Token, &s.Score}
	if err := json.Unmarshal(b, &pair); err != nil {
		return err
	}
	if len(pair) != 2 {
		return fmt.Errorf("Unigram: a token is a list of its name and score, got %.80s", b)
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (s scored) MarshalJSON() ([]byte, error) { return marshal([]any{s.Token, s.Score}) }

type unigram struct {
	UnkID        *int32   `json:"unk_id"`
	Vocab        []scored `json:"vocab"`
	ByteFallback bool     `json:"byte_fallback"`
}

func parseUnigram(b json.RawMessage) (any, error) {
	m, err := read(b, unigram{})
	if err != nil {
		return nil, err
	}
	c := model.UnigramConfig{Unknown: -1, ByteFallback: m.ByteFallback, Pieces: make([]model.Piece, len(m.Vocab))}
	if m.UnkID != nil {
		if c.Unknown = *m.UnkID; c.Unknown < 0 {
			return nil, fmt.Errorf("Unigram: unk_id must not be negative, got %d", c.Unknown)
		}
	}
	for i, p := range m.Vocab {
		c.Pieces[i] = model.Piece(p)
	}
	return c, nil
}

func parseWordPiece(b json.RawMessage) (any, error) {
	m := struct {
		UnkToken                string           `json:"unk_token"`
		ContinuingSubwordPrefix string           `json:"continuing_subword_prefix"`
		MaxInputCharsPerWord    int              `json:"max_input_chars_per_word"`
		Vocab                   map[string]int32 `json:"vocab"`
	}{UnkToken: "[UNK]", ContinuingSubwordPrefix: "##", MaxInputCharsPerWord: 100}
	m, err := read(b, m)
	if err != nil {
		return nil, err
	}
	v, err := model.NewVocab(m.Vocab)
	return model.WordPieceConfig{Vocab: v, Unknown: m.UnkToken, Prefix: m.ContinuingSubwordPrefix, MaxChars: m.MaxInputCharsPerWord}, err
}

func parseWordLevel(b json.RawMessage) (any, error) {
	m := struct {
		Vocab    map[string]int32 `json:"vocab"`
		UnkToken string           `json:"unk_token"`
	}{UnkToken: "<unk>"}
	m, err := read(b, m)
	if err != nil {
		return nil, err
	}
	v, err := model.NewVocab(m.Vocab)
	return model.WordLevelConfig{Vocab: v, Unknown: m.UnkToken}, err
}

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

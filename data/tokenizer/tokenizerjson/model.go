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
	}
	return nil, fmt.Errorf("cannot write a %T", c)
}

// optional returns nil, which is written as null, for the zero value.
func optional[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}

// orderedVocab is written in the order of the ids.
type orderedVocab struct{ *model.Vocab }

// MarshalJSON implements json.Marshaler.
func (v orderedVocab) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for id := range int32(v.Len()) {
		token, ok := v.Token(id)
		if !ok {
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

// Package tokenizerjson reads and writes tokenizer.json, the file in which
// Hugging Face tokenizers are kept.
package tokenizerjson

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/decode"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/normalize"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pretok"
)

// File is the contents of a tokenizer.json. A part that is nil is absent.
type File struct {
	Truncation    *Truncation
	Padding       *Padding
	AddedTokens   []AddedToken
	Normalizer    normalize.Normalizer
	PreTokenizer  pretok.PreTokenizer
	PostProcessor postprocess.Processor
	Decoder       decode.Decoder
	// Model is a model.BPEConfig, model.WordPieceConfig, model.UnigramConfig or model.WordLevelConfig.
	Model any
}

// AddedToken is a token that is found in the text before the model sees it.
type AddedToken struct {
	ID         int32  `json:"id"`
	Content    string `json:"content"`
	SingleWord bool   `json:"single_word"` // matches only between characters that form no words
	LStrip     bool   `json:"lstrip"`      // takes in the white space before it
	RStrip     bool   `json:"rstrip"`      // takes in the white space after it
	Normalized bool   `json:"normalized"`  // is looked for in the normalized text
	Special    bool   `json:"special"`     // is left out of decoded text on demand
}

// raw is the file as it is written.
type raw struct {
	Version       string          `json:"version"`
	Truncation    *Truncation     `json:"truncation"`
	Padding       *Padding        `json:"padding"`
	AddedTokens   []AddedToken    `json:"added_tokens"`
	Normalizer    json.RawMessage `json:"normalizer"`
	PreTokenizer  json.RawMessage `json:"pre_tokenizer"`
	PostProcessor json.RawMessage `json:"post_processor"`
	Decoder       json.RawMessage `json:"decoder"`
	Model         json.RawMessage `json:"model"`
}

// maxNesting bounds how deep sequences hold sequences, maxMembers how many members each has.
const (
	maxNesting = 16
	maxMembers = 1 << 10
)

// Parse reads a tokenizer.json. A component that it does not know is an error that names it.
func Parse(b []byte) (*File, error) {
	if !utf8.Valid(b) {
		return nil, errors.New("tokenizerjson: the file is not UTF-8")
	}
	if !json.Valid(b) {
		var nothing json.RawMessage
		return nil, fmt.Errorf("tokenizerjson: %w", json.Unmarshal(b, &nothing))
	}
	f := &File{}
	var normalizer, preTokenizer, postProcessor, decoder, model unread
	err := fields(skipSpace(b), map[string]any{
		"truncation": &f.Truncation, "padding": &f.Padding, "added_tokens": &f.AddedTokens,
		"normalizer": &normalizer, "pre_tokenizer": &preTokenizer, "post_processor": &postProcessor, "decoder": &decoder, "model": &model,
	})
	if err != nil {
		return nil, fmt.Errorf("tokenizerjson: %w", err)
	}
	if f.Normalizer, err = parseNormalizer(normalizer, 0); err != nil {
		return nil, fmt.Errorf("tokenizerjson: normalizer: %w", err)
	}
	if f.PreTokenizer, err = parsePreTokenizer(preTokenizer, 0); err != nil {
		return nil, fmt.Errorf("tokenizerjson: pre_tokenizer: %w", err)
	}
	if f.PostProcessor, err = parsePostProcessor(postProcessor, 0); err != nil {
		return nil, fmt.Errorf("tokenizerjson: post_processor: %w", err)
	}
	if f.Decoder, err = parseDecoder(decoder, 0); err != nil {
		return nil, fmt.Errorf("tokenizerjson: decoder: %w", err)
	}
	if f.Model, err = parseModel(model); err != nil {
		return nil, fmt.Errorf("tokenizerjson: model: %w", err)
	}
	size := f.VocabSize()
	for _, a := range f.AddedTokens {
		if a.ID < 0 || int(a.ID) >= size+len(f.AddedTokens)+maxAddedID {
			return nil, fmt.Errorf("tokenizerjson: added token %.80q has the id %d beside a vocabulary of %d", a.Content, a.ID, size)
		}
	}
	return f, nil
}

// maxAddedID bounds ids beyond those of the model: a file with others is damaged.
const maxAddedID = 1 << 20

// Marshal writes the file.
func (f *File) Marshal() ([]byte, error) {
	r := raw{Version: "1.0", Truncation: f.Truncation, Padding: f.Padding, AddedTokens: f.AddedTokens}
	if r.AddedTokens == nil {
		r.AddedTokens = []AddedToken{}
	}
	for _, part := range []struct {
		name string
		to   *json.RawMessage
		from any
	}{
		{"normalizer", &r.Normalizer, f.Normalizer},
		{"pre_tokenizer", &r.PreTokenizer, f.PreTokenizer},
		{"post_processor", &r.PostProcessor, f.PostProcessor},
		{"decoder", &r.Decoder, f.Decoder},
		{"model", &r.Model, f.Model},
	} {
		var err error
		if *part.to, err = marshalPart(part.from); err != nil {
			return nil, fmt.Errorf("tokenizerjson: %s: %w", part.name, err)
		}
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return nil, fmt.Errorf("tokenizerjson: %w", err)
	}
	return out.Bytes(), nil
}

// typeOf returns the name of a component's type; "" stands for null.
func typeOf(b unread) (string, error) {
	if b.absent() {
		return "", nil
	}
	var kind string
	if err := fields(b, map[string]any{"type": &kind}); err != nil {
		return "", err
	}
	if kind == "" {
		return "", fmt.Errorf("a component without a type: %.80s", b)
	}
	return kind, nil
}

// read reads a component of type T.
func read[T any](b unread, initial T) (T, error) {
	err := json.Unmarshal(b, &initial)
	return initial, err
}

// list reads a sequence's members.
func list[T any](b unread, key string, depth int, parse func(unread, int) (T, error)) ([]T, error) {
	if depth >= maxNesting {
		return nil, fmt.Errorf("sequences nested more than %d deep", maxNesting)
	}
	var all unread
	if err := fields(b, map[string]any{key: &all}); err != nil {
		return nil, err
	}
	if all.kind() != '[' {
		return nil, fmt.Errorf("a Sequence: expected a list of %s, got %.40s", key, all)
	}
	out := []T{}
	for m := range elements(all) {
		if len(out) == maxMembers {
			return nil, fmt.Errorf("a Sequence: more than %d members", maxMembers)
		}
		if kind, err := typeOf(m); err != nil || kind == "" {
			return nil, fmt.Errorf("a Sequence: member %d has no type", len(out))
		}
		c, err := parse(m, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

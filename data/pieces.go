package data

import (
	"bytes"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync/atomic"
)

// Piece is a document, or a part of a long one.
type Piece struct {
	// Prompt is what comes before Text and is not to be learned; nil in plain text.
	Prompt []byte
	// Text is what is to be learned.
	Text []byte
	// First and Last tell whether the document starts and ends with this piece.
	First, Last bool
}

// Pieces yields the documents of the source. A plain text file is one document; a long one comes in parts of about
// 256 KiB, cut between words. A line of JSON is a document of the shape {"text": …} or {"prompt": …, "completion": …};
// further keys are passed over, blank lines too, and anything else is an error that names file and line.
// A piece is valid until the next one.
func (s *Source) Pieces() iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		var read atomic.Int64
		for b, err := range s.blocks(&read, newBuffer) {
			if err != nil {
				yield(Piece{}, err)
				return
			}
			for p, err := range b.pieces() {
				if !yield(p, err) || err != nil {
					return
				}
			}
		}
	}
}

// Documents yields the text of all pieces, prompts included, as a tokenizer's trainer wants it.
func (s *Source) Documents() iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		for p, err := range s.Pieces() {
			if err != nil {
				yield(nil, err)
				return
			}
			if len(p.Prompt) > 0 && !yield(p.Prompt, nil) || len(p.Text) > 0 && !yield(p.Text, nil) {
				return
			}
		}
	}
}

func newBuffer() []byte {
	return make([]byte, 0, blockSize)
}

// pieces yields the pieces of one block.
func (b *block) pieces() iter.Seq2[Piece, error] {
	return func(yield func(Piece, error) bool) {
		if !b.jsonl {
			yield(Piece{Text: b.text, First: b.first, Last: b.last}, nil)
			return
		}
		line := b.line
		for text := range bytes.Lines(b.text) {
			if text = bytes.TrimSpace(text); len(text) > 0 {
				p, err := parseExample(text)
				if err != nil {
					err = fmt.Errorf("data: %s:%d: %w", b.name, line, err)
				}
				if !yield(p, err) || err != nil {
					return
				}
			}
			line++
		}
	}
}

// parseExample reads one JSON object of the shapes that Pieces documents.
func parseExample(line []byte) (Piece, error) {
	var fields map[string]json.RawMessage // a struct would match keys in any case
	if err := json.Unmarshal(line, &fields); err != nil {
		return Piece{}, fmt.Errorf("expected a JSON object: %w", err)
	}
	_, hasText := fields["text"]
	_, hasPrompt := fields["prompt"]
	_, hasCompletion := fields["completion"]
	p := Piece{First: true, Last: true}
	var err error
	switch {
	case hasText && !hasPrompt && !hasCompletion:
		p.Text, err = stringField(fields, "text")
	case hasPrompt && hasCompletion && !hasText:
		if p.Prompt, err = stringField(fields, "prompt"); err == nil {
			p.Text, err = stringField(fields, "completion")
		}
	default:
		var keys []string
		for key := range fields {
			keys = append(keys, fmt.Sprintf("%q", key))
		}
		slices.Sort(keys)
		err = fmt.Errorf(`expected {"text"} or {"prompt", "completion"}, got the keys {%s}`, strings.Join(keys, ", "))
	}
	return p, err
}

func stringField(fields map[string]json.RawMessage, key string) ([]byte, error) {
	var s *string
	if err := json.Unmarshal(fields[key], &s); err != nil || s == nil {
		return nil, fmt.Errorf("%q must be a string, got %.40s", key, fields[key])
	}
	return []byte(*s), nil
}

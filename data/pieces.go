package data

import (
	"fmt"
	"iter"
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

	line int // of the file; 0 in plain text
}

// Pieces yields the documents of the source. A plain text file is one document; a long one comes in parts of about
// 256 KiB, cut between words. A line of JSON or a row of a table is a document of the shape {"text": …}, {"prompt": …, "completion": …}
// or, with the same meaning, {"source": …, "target": …}; further keys are passed over, blank lines too, and anything else is an
// error that names file and line.
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
		if b.format == plainText {
			yield(Piece{Text: b.text, First: b.first, Last: b.last}, nil)
			return
		}
		for r, err := range b.records() {
			var p Piece
			if err == nil {
				if p, err = r.piece(); err != nil {
					err = b.fail(r.line, err)
				}
			}
			if !yield(p, err) || err != nil {
				return
			}
		}
	}
}

// pairKeys are the names that a pair of texts may have: what comes before, and what is to be learned.
var pairKeys = [][2]string{{"prompt", "completion"}, {"source", "target"}}

// piece reads a record of the shapes that Pieces documents.
func (r record) piece() (Piece, error) {
	p := Piece{First: true, Last: true, line: r.line}
	var err error
	for _, keys := range pairKeys {
		if r.has(keys[:]...) && !r.has("text") {
			if p.Prompt, err = r.text(keys[0]); err == nil {
				p.Text, err = r.text(keys[1])
			}
			return p, err
		}
	}
	if !r.has("text") || r.hasAny("prompt", "completion", "source", "target") {
		return p, fmt.Errorf(`expected {"text"}, {"prompt", "completion"} or {"source", "target"}, got the keys %s`, r.keys())
	}
	p.Text, err = r.text("text")
	return p, err
}

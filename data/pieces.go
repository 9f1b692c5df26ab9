package data

import (
	"iter"
	"sync/atomic"

	"github.com/seahorse-ml/seahorse/internal/orderedjson"
)

// Piece is a document, or a part of a long one.
type Piece struct {
	// Prompt is what comes before Text and is not to be learned; nil in plain text.
	Prompt []byte
	// Text is what is to be learned.
	Text []byte
	// Weight is what the document counts; 1 unless the record says otherwise.
	Weight float32
	// First and Last tell whether the document starts and ends with this piece.
	First, Last bool

	// Record is the record that the piece is where it is a conversation, with its keys as shapes have them; Prompt and Text are
	// nil then. Shape is the record's, NoShape for plain text.
	Record *orderedjson.Object
	Shape  Shape

	line int // of the file; 0 in plain text
}

// textShapes are the shapes of records that are texts to learn from.
var textShapes = []Shape{TextShape, PairShape, InstructionShape, MessagesShape}

// Pieces yields the documents of the source. A plain text file is one document; a long one comes in parts of about
// 256 KiB, cut between words. A record is a document of one of the shapes TextShape, PairShape, InstructionShape or MessagesShape; further keys
// are passed over, blank lines too, and anything else is an error that names file and line, and all others of its kind.
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
				if err != nil {
					yield(p, s.gather(err, checkPieces))
					return
				}
				if !yield(p, nil) {
					return
				}
			}
		}
	}
}

// checkPieces finds the faults of records that are to be texts.
func checkPieces(b *block, fault func(error) bool) {
	for _, err := range b.pieces() {
		if err != nil && !fault(err) {
			return
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
			if p.Shape == MessagesShape {
				if !contents(p.Record, func(text string) bool { return yield([]byte(text), nil) }) {
					return
				}
				continue
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
	if b.format != plainText {
		return each(b, b.piece)
	}
	return func(yield func(Piece, error) bool) {
		yield(Piece{Text: b.text, Weight: 1, First: b.first, Last: b.last}, nil)
	}
}

// piece reads a record of the shapes that Pieces documents.
func (b *block) piece(r record) (Piece, error) {
	p := Piece{First: true, Last: true, line: r.line}
	var err error
	if p.Shape, err = b.columnNames.shape(r, textShapes); err != nil {
		return p, err
	}
	if p.Weight, err = b.weight(r); err != nil {
		return p, err
	}
	switch p.Shape {
	case MessagesShape:
		p.Record, err = r.object, r.checkKeys(MessagesShape)
	case InstructionShape:
		p.Prompt, p.Text, err = r.instruction()
		p.Record = r.object
	case PairShape:
		keys := [2]string{"prompt", "completion"}
		if !r.has(keys[:]...) {
			keys = [2]string{"source", "target"}
		}
		if r.hasMessages(keys[0]) && r.hasMessages(keys[1]) { // a conversation in two parts
			p.Record, err = r.joined(keys[0], keys[1])
			p.Shape = MessagesShape
			return p, err
		}
		if p.Prompt, err = r.text(keys[0]); err == nil {
			p.Text, err = r.text(keys[1])
		}
	default:
		p.Text, err = r.text("text")
	}
	return p, err
}

// Package spm reads SentencePiece models: the protocol buffer that
// sentencepiece_model.proto of google/sentencepiece describes.
package spm

import (
	"errors"
	"fmt"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The types of a model.
const (
	Unigram = 1
	BPE     = 2
	Word    = 3
	Char    = 4
)

// The types of a piece.
const (
	Normal      = 1
	Unknown     = 2
	Control     = 3
	UserDefined = 4
	Unused      = 5
	Byte        = 6
)

// Piece is a token of the model.
type Piece struct {
	Text  string
	Score float32
	Type  int
}

// Model is what of a SentencePiece model matters for tokenizing.
type Model struct {
	Pieces       []Piece // by id
	Type         int
	ByteFallback bool

	// The ids of special tokens, negative for none, and the names that the trainer gave them.
	UnknownID, BOSID, EOSID          int32
	UnknownPiece, BOSPiece, EOSPiece string

	Charsmap              []byte // the table of the normalizer; may be empty
	AddDummyPrefix        bool   // puts a space before a text
	RemoveExtraWhitespace bool   // leaves single spaces, and none at the ends
	EscapeWhitespace      bool   // spells a space as ▁
}

// field is a field of a message, of any type.
type field struct {
	number protowire.Number
	value  uint64 // of a number
	bytes  []byte // of a string or message
}

// fields calls do for the fields of a message.
func fields(b []byte, do func(f field) error) error {
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		f := field{number: number}
		switch kind {
		case protowire.VarintType:
			f.value, n = protowire.ConsumeVarint(b)
		case protowire.Fixed32Type:
			var v uint32
			v, n = protowire.ConsumeFixed32(b)
			f.value = uint64(v)
		case protowire.Fixed64Type:
			f.value, n = protowire.ConsumeFixed64(b)
		case protowire.BytesType:
			f.bytes, n = protowire.ConsumeBytes(b)
		default:
			n = protowire.ConsumeFieldValue(number, kind, b)
		}
		if n < 0 {
			return protowire.ParseError(n)
		}
		b = b[n:]
		if err := do(f); err != nil {
			return err
		}
	}
	return nil
}

// Parse reads a model.
func Parse(b []byte) (*Model, error) {
	m := &Model{
		Type: Unigram, AddDummyPrefix: true, RemoveExtraWhitespace: true, EscapeWhitespace: true,
		BOSID: 1, EOSID: 2, UnknownPiece: "<unk>", BOSPiece: "<s>", EOSPiece: "</s>",
	}
	seen := map[string]bool{}
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			p, err := parsePiece(f.bytes)
			if err == nil && (p.Text == "" || seen[p.Text]) {
				err = fmt.Errorf("piece %d is empty or comes twice: %.80q", len(m.Pieces), p.Text)
			}
			seen[p.Text] = true
			m.Pieces = append(m.Pieces, p)
			return err
		case 2:
			return fields(f.bytes, m.trainer)
		case 3:
			return fields(f.bytes, func(f field) error {
				switch f.number {
				case 2:
					m.Charsmap = f.bytes
				case 3:
					m.AddDummyPrefix = f.value != 0
				case 4:
					m.RemoveExtraWhitespace = f.value != 0
				case 5:
					m.EscapeWhitespace = f.value != 0
				}
				return nil
			})
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("spm: %w", err)
	}
	if len(m.Pieces) == 0 {
		return nil, errors.New("spm: it has no pieces")
	}
	return m, nil
}

// trainer reads a field of the trainer's specification.
func (m *Model) trainer(f field) error {
	switch f.number {
	case 3:
		m.Type = int(int32(f.value))
	case 35:
		m.ByteFallback = f.value != 0
	case 40:
		m.UnknownID = int32(f.value)
	case 41:
		m.BOSID = int32(f.value)
	case 42:
		m.EOSID = int32(f.value)
	case 45:
		m.UnknownPiece = string(f.bytes)
	case 46:
		m.BOSPiece = string(f.bytes)
	case 47:
		m.EOSPiece = string(f.bytes)
	}
	return nil
}

func parsePiece(b []byte) (Piece, error) {
	p := Piece{Type: Normal}
	err := fields(b, func(f field) error {
		switch f.number {
		case 1:
			p.Text = string(f.bytes)
		case 2:
			p.Score = math.Float32frombits(uint32(f.value))
		case 3:
			p.Type = int(int32(f.value))
		}
		return nil
	})
	return p, err
}

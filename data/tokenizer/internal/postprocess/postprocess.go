// Package postprocess frames the tokens of a text with special tokens.
package postprocess

import (
	"encoding/json"
	"fmt"
)

// maxPieces bounds the pieces of a frame.
const maxPieces = 1 << 12

// Piece is a part of a framed text: one of the sequences, or a special token.
type Piece struct {
	Sequence int // 0 or 1 for the first or second text, -1 for a special token
	TypeID   int32
	Token    string
	ID       int32
}

// Plan says how texts are framed, and whether their offsets leave out white space.
type Plan struct {
	Single, Pair   []Piece
	TrimOffsets    bool
	AddPrefixSpace bool // the space before the first word is not of the text
}

// Plain adds nothing.
var Plain = Plan{Single: []Piece{{}}, Pair: []Piece{{}, {Sequence: 1, TypeID: 1}}}

// Processor is a way to frame a text.
type Processor interface {
	Plan() (Plan, error)
}

// ByteLevel trims offsets.
type ByteLevel struct {
	AddPrefixSpace bool `json:"add_prefix_space"`
	TrimOffsets    bool `json:"trim_offsets"`
	UseRegex       bool `json:"use_regex"`
}

// Plan implements Processor.
func (p ByteLevel) Plan() (Plan, error) {
	plan := Plain
	plan.TrimOffsets, plan.AddPrefixSpace = p.TrimOffsets, p.AddPrefixSpace
	return plan, nil
}

// Special names a special token and its id. In JSON it is a list of the two.
type Special struct {
	Token string
	ID    int32
}

// UnmarshalJSON reads ["token", id].
func (s *Special) UnmarshalJSON(b []byte) error {
	pair := []any{&s.Token, &s.ID}
	if err := json.Unmarshal(b, &pair); err != nil {
		return fmt.Errorf("postprocess: a special token: %w", err)
	}
	if len(pair) != 2 || s.Token == "" {
		return fmt.Errorf("postprocess: a special token is a list of its name and id, got %s", b)
	}
	return nil
}

// MarshalJSON writes ["token", id].
func (s Special) MarshalJSON() ([]byte, error) { return json.Marshal([]any{s.Token, s.ID}) }

// Bert frames texts as [CLS] A [SEP] B [SEP].
type Bert struct {
	Sep Special `json:"sep"`
	Cls Special `json:"cls"`
}

// Plan implements Processor.
func (p Bert) Plan() (Plan, error) {
	cls, sep := piece(p.Cls, 0), piece(p.Sep, 0)
	return Plan{
		Single: []Piece{cls, {}, sep},
		Pair:   []Piece{cls, {}, sep, {Sequence: 1, TypeID: 1}, piece(p.Sep, 1)},
	}, nil
}

// Roberta frames texts as <s> A </s> </s> B </s>, all of one type.
type Roberta struct {
	Sep            Special `json:"sep"`
	Cls            Special `json:"cls"`
	TrimOffsets    bool    `json:"trim_offsets"`
	AddPrefixSpace bool    `json:"add_prefix_space"`
}

// Plan implements Processor.
func (p Roberta) Plan() (Plan, error) {
	cls, sep := piece(p.Cls, 0), piece(p.Sep, 0)
	return Plan{
		Single:         []Piece{cls, {}, sep},
		Pair:           []Piece{cls, {}, sep, sep, {Sequence: 1}, sep},
		TrimOffsets:    p.TrimOffsets,
		AddPrefixSpace: p.AddPrefixSpace,
	}, nil
}

func piece(s Special, typeID int32) Piece {
	return Piece{Sequence: -1, TypeID: typeID, Token: s.Token, ID: s.ID}
}

// Template frames texts as its lists of pieces say.
type Template struct {
	Single        []TemplatePiece            `json:"single"`
	Pair          []TemplatePiece            `json:"pair"`
	SpecialTokens map[string]TemplateSpecial `json:"special_tokens"`
}

// TemplatePiece is either a special token or one of the texts.
type TemplatePiece struct {
	SpecialToken *TemplateRef `json:"SpecialToken,omitempty"`
	Sequence     *TemplateRef `json:"Sequence,omitempty"`
}

// TemplateRef refers to a special token by name, or to the texts A or B.
type TemplateRef struct {
	ID     string `json:"id"`
	TypeID int32  `json:"type_id"`
}

// TemplateSpecial lists the tokens that a special token of a template stands for.
type TemplateSpecial struct {
	ID     string   `json:"id"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

// Plan implements Processor.
func (p Template) Plan() (plan Plan, err error) {
	if plan.Single, err = p.pieces(p.Single, false); err != nil {
		return Plan{}, err
	}
	plan.Pair, err = p.pieces(p.Pair, true)
	return plan, err
}

func (p Template) pieces(from []TemplatePiece, pair bool) ([]Piece, error) {
	var out []Piece
	for _, t := range from {
		switch {
		case t.Sequence != nil && t.Sequence.ID == "A":
			out = append(out, Piece{TypeID: t.Sequence.TypeID})
		case t.Sequence != nil && t.Sequence.ID == "B" && pair:
			out = append(out, Piece{Sequence: 1, TypeID: t.Sequence.TypeID})
		case t.SpecialToken != nil:
			s, ok := p.SpecialTokens[t.SpecialToken.ID]
			if !ok || len(s.IDs) != len(s.Tokens) {
				return nil, fmt.Errorf("postprocess: TemplateProcessing: special token %.80q is not listed with ids and tokens", t.SpecialToken.ID)
			}
			for i, id := range s.IDs {
				out = append(out, Piece{Sequence: -1, TypeID: t.SpecialToken.TypeID, Token: s.Tokens[i], ID: id})
				if len(out) > maxPieces {
					break
				}
			}
		default:
			return nil, fmt.Errorf("postprocess: TemplateProcessing: a piece is neither a special token nor text A or B")
		}
		if len(out) > maxPieces {
			return nil, fmt.Errorf("postprocess: TemplateProcessing: a frame of more than %d pieces", maxPieces)
		}
	}
	return out, nil
}

// Sequence applies several processors, of which at most one adds tokens.
type Sequence []Processor

// Plan implements Processor.
func (p Sequence) Plan() (Plan, error) {
	plan := Plain
	for _, q := range p {
		next, err := q.Plan()
		if err != nil {
			return Plan{}, err
		}
		if len(next.Single) > 1 || len(next.Pair) > 2 {
			if len(plan.Single) > 1 || len(plan.Pair) > 2 {
				return Plan{}, fmt.Errorf("postprocess: Sequence: expected at most one processor that adds tokens, got more")
			}
			plan.Single, plan.Pair = next.Single, next.Pair
		}
		if next.TrimOffsets {
			plan.TrimOffsets, plan.AddPrefixSpace = true, next.AddPrefixSpace
		}
	}
	return plan, nil
}

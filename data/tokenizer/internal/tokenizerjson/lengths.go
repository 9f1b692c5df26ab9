package tokenizerjson

import (
	"encoding/json"
	"fmt"
)

// Direction is a side of a text.
type Direction string

// The sides.
const (
	Right Direction = "Right"
	Left  Direction = "Left"
)

// TruncationStrategy says which of two texts is cut.
type TruncationStrategy string

// The strategies.
const (
	LongestFirst TruncationStrategy = "LongestFirst"
	OnlyFirst    TruncationStrategy = "OnlyFirst"
	OnlySecond   TruncationStrategy = "OnlySecond"
)

// Validate returns an error unless s is one of the strategies, or empty, which stands for LongestFirst.
func (s TruncationStrategy) Validate() error {
	switch s {
	case "", LongestFirst, OnlyFirst, OnlySecond:
		return nil
	}
	return fmt.Errorf("tokenizerjson: truncation: strategy must be %s, %s or %s, got %.80q", LongestFirst, OnlyFirst, OnlySecond, string(s))
}

// Truncation shortens encodings.
type Truncation struct {
	Direction Direction          `json:"direction"` // the side that is cut off; default Right
	MaxLength int                `json:"max_length"`
	Strategy  TruncationStrategy `json:"strategy"` // default LongestFirst
	Stride    int                `json:"stride"`   // what windows over the rest have in common
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Truncation) UnmarshalJSON(b []byte) error {
	type plain Truncation
	p := plain{Direction: Right, Strategy: LongestFirst}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if p.MaxLength < 0 || p.Stride < 0 {
		return fmt.Errorf("tokenizerjson: truncation: max_length and stride must not be negative, got %d and %d", p.MaxLength, p.Stride)
	}
	*t = Truncation(p)
	if err := t.Strategy.Validate(); err != nil {
		return err
	}
	return t.Direction.validate("truncation")
}

func (d Direction) validate(part string) error {
	if d != Left && d != Right {
		return fmt.Errorf("tokenizerjson: %s: direction must be %s or %s, got %.80q", part, Right, Left, string(d))
	}
	return nil
}

// Padding lengthens encodings.
type Padding struct {
	Strategy        PaddingStrategy `json:"strategy"`
	Direction       Direction       `json:"direction"` // the side that grows; default Right
	PadToMultipleOf *int            `json:"pad_to_multiple_of"`
	PadID           int32           `json:"pad_id"`
	PadTypeID       int32           `json:"pad_type_id"`
	PadToken        string          `json:"pad_token"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (t *Padding) UnmarshalJSON(b []byte) error {
	type plain Padding
	p := plain{Direction: Right, Strategy: PaddingStrategy{Fixed: -1}}
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	if m := p.PadToMultipleOf; m != nil && *m < 0 {
		return fmt.Errorf("tokenizerjson: padding: pad_to_multiple_of must not be negative, got %d", *m)
	}
	*t = Padding(p)
	return t.Direction.validate("padding")
}

// PaddingStrategy is the length to pad to: in JSON "BatchLongest" or {"Fixed": n}.
type PaddingStrategy struct {
	Fixed int // -1: the length of the longest text of the batch
}

const batchLongest = "BatchLongest"

type fixed struct {
	Fixed *int `json:"Fixed"`
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *PaddingStrategy) UnmarshalJSON(b []byte) error {
	var name string
	if json.Unmarshal(b, &name) == nil && name == batchLongest {
		s.Fixed = -1
		return nil
	}
	var f fixed
	if err := json.Unmarshal(b, &f); err != nil || f.Fixed == nil || *f.Fixed < 0 {
		return fmt.Errorf(`tokenizerjson: padding: strategy must be %q or {"Fixed": n}, got %.80s`, batchLongest, b)
	}
	s.Fixed = *f.Fixed
	return nil
}

// MarshalJSON implements json.Marshaler.
func (s PaddingStrategy) MarshalJSON() ([]byte, error) {
	if s.Fixed < 0 {
		return json.Marshal(batchLongest)
	}
	return json.Marshal(fixed{&s.Fixed})
}

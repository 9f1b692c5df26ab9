package data

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
)

// LabelKind is what is to be learned of labelled texts.
type LabelKind string

// The kinds of labels.
const (
	Classification      LabelKind = "classification"       // a class of each text
	TokenClassification LabelKind = "token-classification" // a class of each word of a text
	Regression          LabelKind = "regression"           // a number of each text, or several
)

// Labels describes the labels of a list of texts. The zero value stands for texts without any.
type Labels struct {
	Kind LabelKind `json:"kind"`
	// Names are the classes, by their numbers from 0 on; of a regression a name for each of its values.
	Names []string `json:"names"`
}

// Validate returns an error for a kind that isn't known and for names that are missing or there twice.
func (l Labels) Validate() error {
	if l.Kind != Classification && l.Kind != TokenClassification && l.Kind != Regression {
		return fmt.Errorf("data: labels: kind %q is not known; known are %s, %s and %s", l.Kind, Classification, TokenClassification, Regression)
	}
	if len(l.Names) == 0 {
		return fmt.Errorf("data: labels: no names")
	}
	for i, name := range l.Names {
		if slices.Contains(l.Names[:i], name) {
			return fmt.Errorf("data: labels: the name %q is there twice", name)
		}
	}
	return nil
}

// values returns how many values a text has: none for classes.
func (l Labels) values() int {
	if l.Kind == Regression {
		return len(l.Names)
	}
	return 0
}

// entries returns how many labels of four bytes there are for so many documents and tokens.
func (l Labels) entries(documents, tokens uint64) uint64 {
	switch l.Kind {
	case Classification:
		return documents
	case TokenClassification:
		return tokens
	case Regression:
		return documents * uint64(len(l.Names))
	}
	return 0
}

// parseLabels reads the description in a token file.
func parseLabels(b []byte) (Labels, error) {
	var l Labels
	if err := json.Unmarshal(b, &l); err != nil {
		return l, fmt.Errorf("damaged: labels: %w", err)
	}
	if err := l.Validate(); err != nil {
		return l, fmt.Errorf("damaged: %w", err)
	}
	return l, nil
}

// Example is one labelled text, as ids.
type Example struct {
	IDs []int32
	// Types are 0 for tokens of the first text of a pair and 1 for those of the second; nil: all are 0.
	Types []int32
	// Class is the text's, for Classification.
	Class int32
	// Classes are the tokens', Ignored where there is none to learn, for TokenClassification.
	Classes []int32
	// Values are the text's, for Regression.
	Values []float32
}

// bits appends the labels of the example to dst, four bytes each.
func (x Example) bits(dst []uint32, l Labels) ([]uint32, error) {
	class := func(c int32) error {
		if c != Ignored && (c < 0 || int(c) >= len(l.Names)) {
			return fmt.Errorf("data: labels: class %d is not one of %d", c, len(l.Names))
		}
		dst = append(dst, uint32(c))
		return nil
	}
	switch l.Kind {
	case Classification:
		err := class(x.Class)
		return dst, err
	case TokenClassification:
		if len(x.Classes) != len(x.IDs) {
			return dst, fmt.Errorf("data: labels: %d classes for %d tokens", len(x.Classes), len(x.IDs))
		}
		for _, c := range x.Classes {
			if err := class(c); err != nil {
				return dst, err
			}
		}
		return dst, nil
	}
	if len(x.Values) != len(l.Names) {
		return dst, fmt.Errorf("data: labels: %d values, expected %d", len(x.Values), len(l.Names))
	}
	for _, v := range x.Values {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return dst, fmt.Errorf("data: labels: value %v, expected a finite number", v)
		}
		dst = append(dst, math.Float32bits(v))
	}
	return dst, nil
}

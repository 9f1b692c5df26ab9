package models

import (
	"errors"
	"fmt"

	"github.com/seahorse-ml/seahorse/graph"
)

// Size is how large a new model is to be, in the terms that all families share.
type Size struct {
	Vocab   int // V, > 0
	Context int // the largest T, > 0; T5 has no limit and leaves it out of account
	Layers  int // blocks, > 0; an encoder-decoder has as many on each side
	Heads   int // H, > 0, a divisor of Width
	KVHeads int // heads of keys and values, a divisor of H; 0 means H. Only families of the Llama line have others than H
	Width   int // D, > 0
	// Inner is F, the width inside of the feed-forwards. 0 means 4·D, and where they are
	// gated, and so have a third matrix, 8/3·D rounded up to a multiple of 32.
	Inner   int
	Dropout float64 // wherever the family has dropout; default 0

	// Start, End and Pad are the ids of the tokens that a text begins with, that end it, and
	// that rows are filled up with; nil for none. Encoder-decoders begin their texts with Start,
	// or else Pad, or else End.
	Start, End, Pad *int
}

// New makes a model with new weights in the tree p, or reads those that p is loaded from. An encoder gets the head that its
// configuration names. It returns what is wrong with the configuration or the tree.
func New(c Config, p *graph.Params) (Model, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	return c.build(origin{params: p})
}

// Config returns the configuration of a model of a family that has the size; what a Size doesn't say is as in the family's
// default configuration. Encoders get a head that finds masked tokens. The error tells what is wrong with the size for that family.
func (s Size) Config(arch string) (Config, error) {
	f, err := FamilyNamed(arch)
	if err != nil {
		return nil, fmt.Errorf("models: new model: %w", err)
	}
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("models: new %s: %w", arch, err)
	}
	c, err := f.size(f, s)
	if err != nil {
		return nil, fmt.Errorf("models: new %s: %w", arch, err)
	}
	return c, c.Validate()
}

// validate checks what doesn't depend on the family.
func (s Size) validate() error {
	for _, f := range []struct {
		name  string
		value int
	}{
		{"vocabulary", s.Vocab}, {"context", s.Context}, {"number of layers", s.Layers}, {"number of heads", s.Heads}, {"width", s.Width},
	} {
		if f.value <= 0 {
			return fmt.Errorf("the %s is %d, expected it to be positive", f.name, f.value)
		}
	}
	switch {
	case s.Width%s.Heads != 0:
		return fmt.Errorf("width %d is not divisible by %d heads", s.Width, s.Heads)
	case s.Inner < 0 || s.KVHeads < 0:
		return fmt.Errorf("inner width %d and %d key/value heads, expected at least 0", s.Inner, s.KVHeads)
	case s.KVHeads > 0 && s.Heads%s.KVHeads != 0:
		return fmt.Errorf("%d heads are not divisible by %d key/value heads", s.Heads, s.KVHeads)
	case s.Dropout < 0 || s.Dropout >= 1:
		return fmt.Errorf("dropout %g, expected [0, 1)", s.Dropout)
	}
	return nil
}

// ungrouped refuses key/value heads of their own number.
func (s Size) ungrouped() error {
	if s.KVHeads != 0 && s.KVHeads != s.Heads {
		return fmt.Errorf("%d key/value heads for %d heads: this family has as many of both", s.KVHeads, s.Heads)
	}
	return nil
}

// inner returns F of a plain feed-forward, gated that of one with a gate.
func (s Size) inner() int {
	if s.Inner > 0 {
		return s.Inner
	}
	return 4 * s.Width
}

func (s Size) gated() int {
	const multiple = 32
	if s.Inner > 0 {
		return s.Inner
	}
	return (8*s.Width/3 + multiple - 1) / multiple * multiple
}

func (s Size) kvHeads() int {
	if s.KVHeads > 0 {
		return s.KVHeads
	}
	return s.Heads
}

func (s Size) headSize() int { return s.Width / s.Heads }

// first returns what the texts of an encoder-decoder begin with.
func (s Size) first() (int, error) {
	for _, id := range []*int{s.Start, s.Pad, s.End} {
		if id != nil {
			return *id, nil
		}
	}
	return 0, errors.New("an encoder-decoder needs a token that its texts begin with; the tokenizer has none to start, to pad or to end a text")
}

// smallRopeBase is the base of rotary wavelengths in models of short contexts, that of the first
// Llama; published models of long contexts have more.
const smallRopeBase = 10000

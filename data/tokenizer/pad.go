package tokenizer

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// maxPadded bounds the length that a file or an option can ask for.
const maxPadded = 1 << 26

// pad lengthens e and its overflow as o asks for; longest is the length of the longest text of the batch.
func (t *Tokenizer) pad(e *Encoding, o EncodeOptions, longest int) error {
	n := longest
	switch {
	case o.PadLongest:
		n = max(n, o.PadTo)
	case o.PadTo > 0:
		n = o.PadTo
	case o.PadMultiple > 0:
		n = e.Len()
	default:
		return nil
	}
	if m := o.PadMultiple; m > 1 && n%m > 0 {
		n += m - n%m
	}
	if n > maxPadded {
		return fmt.Errorf("tokenizer: encode: padding to %d tokens; at most %d", n, maxPadded)
	}
	for i := range e.Overflow {
		if err := t.lengthen(&e.Overflow[i], n, o.PadLeft); err != nil {
			return err
		}
	}
	return t.lengthen(e, n, o.PadLeft)
}

// lengthen pads e to n tokens.
func (t *Tokenizer) lengthen(e *Encoding, n int, left bool) error {
	more := n - e.Len()
	if more <= 0 {
		return nil
	}
	id, name, ok := t.padToken()
	if !ok {
		return fmt.Errorf("tokenizer: encode: no token to pad with: the settings name no pad_token")
	}
	typeID := int32(0)
	if p := t.file.Padding; p != nil {
		typeID = p.PadTypeID
	}
	p := Encoding{Padding: make([]bool, more)}
	for i := range more {
		p.add(id, name, [2]int{}, true, typeID)
		p.Padding[i] = true
	}
	a, b := e, &p
	if left {
		a, b = b, a
	}
	*e = Encoding{
		IDs: append(a.IDs, b.IDs...), Tokens: append(a.Tokens, b.Tokens...), Offsets: append(a.Offsets, b.Offsets...),
		SpecialMask: append(a.SpecialMask, b.SpecialMask...), TypeIDs: append(a.TypeIDs, b.TypeIDs...), Padding: append(a.Padding, b.Padding...),
		Overflow: e.Overflow,
	}
	return nil
}

func (t *Tokenizer) padToken() (int32, string, bool) {
	if name, ok := namedToken(t.settings, "pad_token"); ok {
		id, ok := t.ID(name)
		return id, name, ok
	}
	if p := t.file.Padding; p != nil {
		return p.PadID, p.PadToken, true
	}
	return 0, "", false
}

// FileOptions returns what the tokenizer.json asks for: special tokens, and the
// truncation and padding that the library tokenizers applies to every text.
// Here, as in transformers, a text is cut and padded only where these options are given to Encode.
func (t *Tokenizer) FileOptions() EncodeOptions {
	o := EncodeOptions{AddSpecial: true}
	if c := t.file.Truncation; c != nil {
		o.MaxLength, o.Stride, o.Truncation, o.Overflow = c.MaxLength, c.Stride, c.Strategy, true
		o.TruncateLeft = c.Direction == tokenizerjson.Left
	}
	if p := t.file.Padding; p != nil {
		o.PadLongest, o.PadTo = p.Strategy.Fixed < 0, max(p.Strategy.Fixed, 0)
		o.PadLeft = p.Direction == tokenizerjson.Left
		if p.PadToMultipleOf != nil {
			o.PadMultiple = *p.PadToMultipleOf
		}
	}
	return o
}

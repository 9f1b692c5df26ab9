package tokenizer

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/postprocess"
	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/tokenizerjson"
)

// Truncation says which of two texts is cut.
type Truncation = tokenizerjson.TruncationStrategy

// The ways to truncate. LongestFirst lets the longer text lose more, until both are equally long; the others cut one of them only.
const (
	LongestFirst = tokenizerjson.LongestFirst
	OnlyFirst    = tokenizerjson.OnlyFirst
	OnlySecond   = tokenizerjson.OnlySecond
)

// Validate returns an error if a number of o is out of its range.
func (o EncodeOptions) Validate() error {
	for _, c := range []struct {
		name  string
		value int
	}{{"MaxLength", o.MaxLength}, {"Stride", o.Stride}, {"PadTo", o.PadTo}, {"PadMultiple", o.PadMultiple}} {
		if c.value < 0 {
			return fmt.Errorf("tokenizer: encode: %s must not be negative, got %d", c.name, c.value)
		}
	}
	return o.Truncation.Validate()
}

// truncate cuts texts as o asks for. It returns the windows over each: the one that is kept, and with Overflow those over the rest.
func truncate(tokens [][]placed, frame []postprocess.Piece, o EncodeOptions) ([][][]placed, error) {
	windows := make([][][]placed, len(tokens))
	lengths := make([]int, len(tokens))
	for i := range tokens {
		lengths[i] = len(tokens[i])
	}
	if o.MaxLength > 0 {
		room := o.MaxLength
		for _, piece := range frame {
			if piece.Sequence < 0 && o.AddSpecial {
				room--
			}
		}
		if room < 0 {
			return nil, fmt.Errorf("tokenizer: encode: a maximum of %d tokens leaves no room for %d special ones", o.MaxLength, o.MaxLength-room)
		}
		if err := shorten(lengths, room, o.Truncation); err != nil {
			return nil, err
		}
	}
	for i, n := range lengths {
		all := tokens[i]
		switch {
		case n == len(all):
			windows[i] = [][]placed{all}
		case !o.Overflow && o.TruncateLeft:
			windows[i] = [][]placed{all[len(all)-n:]}
		case !o.Overflow:
			windows[i] = [][]placed{all[:n]}
		case o.Stride >= n:
			return nil, fmt.Errorf("tokenizer: encode: windows of %d tokens cannot have %d in common", n, o.Stride)
		default:
			windows[i] = slide(all, n, n-o.Stride, o.TruncateLeft)
		}
	}
	return windows, nil
}

// shorten reduces the lengths of one or two texts until their sum is n at most.
func shorten(lengths []int, n int, how Truncation) error {
	total := 0
	for _, l := range lengths {
		total += l
	}
	if total <= n {
		return nil
	}
	if how == OnlyFirst || how == OnlySecond {
		cut := &lengths[0]
		if how == OnlySecond {
			if len(lengths) == 1 {
				return fmt.Errorf("tokenizer: encode: %s, and there is no second text", how)
			}
			cut = &lengths[1]
		}
		if *cut <= total-n {
			return fmt.Errorf("tokenizer: encode: %s: %d tokens have to go, and the text has only %d", how, total-n, *cut)
		}
		*cut -= total - n
		return nil
	}
	if len(lengths) == 1 {
		lengths[0] = n
		return nil
	}
	short, long := &lengths[0], &lengths[1]
	if *short > *long {
		short, long = long, short
	}
	*short = min(*short, n/2)
	*long = n - *short
	return nil
}

// slide returns windows of n tokens over all, each step tokens beside the one before, until one reaches the end: the beginning if left is set.
func slide(all []placed, n, step int, left bool) [][]placed {
	var out [][]placed
	for at := 0; ; at += step {
		from, to := at, min(at+n, len(all))
		if left {
			from, to = max(len(all)-at-n, 0), len(all)-at
		}
		// A copy, as what is done to the offsets of one window is no matter of the next.
		out = append(out, slices.Clone(all[from:to]))
		if left && from == 0 || !left && to == len(all) {
			return out
		}
	}
}

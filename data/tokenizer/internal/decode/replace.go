package decode

import (
	"fmt"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/pattern"
)

// Replace replaces the matches of a pattern in each token.
type Replace struct {
	Pattern pattern.Pattern `json:"pattern"`
	Content string          `json:"content"`
}

// Start implements Decoder.
func (d Replace) Start(next Sink) Sink {
	return &mapper{next: next, do: func(s string, _ bool) string {
		found, err := d.find(s)
		if err != nil {
			return s // a pattern that runs out of time has found nothing
		}
		return d.replace(s, found)
	}}
}

func (d Replace) find(s string) ([][2]int, error) { return d.Pattern.Find([]byte(s)) }

// replace puts the content in the place of what was found in s.
func (d Replace) replace(s string, found [][2]int) string {
	if len(found) == 0 {
		return s
	}
	var b strings.Builder
	last := 0
	for _, m := range found {
		b.WriteString(s[last:m[0]])
		b.WriteString(d.Content)
		last = m[1]
	}
	return b.String() + s[last:]
}

// maxExpansion is how long the content of a replacement may become by the replacements after it.
const maxExpansion = 1 << 16

// Validate returns an error if the replacements of d feed each other until texts grow without bound.
func (d Sequence) Validate() error {
	for i := range d {
		r, ok := d[i].(Replace)
		if !ok {
			continue
		}
		text := r.Content
		for _, next := range d[i+1:] {
			next, ok := next.(Replace)
			if !ok {
				continue
			}
			found, err := next.find(text)
			if err != nil {
				return err
			}
			if len(text)+len(found)*len(next.Content) > max(maxExpansion, len(r.Content)) {
				return fmt.Errorf("decode: Sequence: replacements grow each other's contents to more than %d bytes", maxExpansion)
			}
			text = next.replace(text, found)
		}
	}
	return nil
}

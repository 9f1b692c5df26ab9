package curate

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data"
	"github.com/seahorse-ml/seahorse/internal/orderedjson"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// augmentStream is the stream of random numbers that an Augmenter draws from, under a seed of the record's own.
const augmentStream = 0xda7a_000b << 32

// Change is a way to change a text, of those of EDA (Wei and Zou, 2019).
type Change string

// The changes that there are. Each changes a share of a text's words, one at least.
const (
	Deletion Change = "deletion" // words are left out; one stays
	Swap     Change = "swap"     // two words change places
	Synonyms Change = "synonyms" // a word gives way to another that means the same
)

// What an Augmenter does where nobody asks for more.
const (
	DefaultCopies = 1
	DefaultRate   = 0.1
)

// Augmenter makes further records by changing the texts that are given: text and text_pair, a prompt or source, an instruction and its input, an
// anchor, and what the user says in a conversation. What is to be written, chosen or found stays as it is.
type Augmenter struct {
	// Changes are what is done, one to each copy in turn. At least one.
	Changes []Change
	// Copies is how many records are made of each, > 0; DefaultCopies is usual. A copy in which nothing could be changed is left out.
	Copies int
	// Rate is the share of the words that are changed, in (0, 1]; DefaultRate is usual.
	Rate float64
	// Synonyms are words that may stand for a word, which is in lower case.
	Synonyms map[string][]string
	// Seed decides what is changed.
	Seed uint64
}

// Validate returns an error for a field that is out of its range.
func (a Augmenter) Validate() error {
	if len(a.Changes) == 0 {
		return errors.New("curate: augment: no changes, expected one at least")
	}
	for _, c := range a.Changes {
		if c != Deletion && c != Swap && c != Synonyms {
			return fmt.Errorf("curate: augment: change %q, expected deletion, swap or synonyms", c)
		}
	}
	if slices.Contains(a.Changes, Synonyms) && len(a.Synonyms) == 0 {
		return errors.New("curate: augment: no words that mean the same, expected some for synonyms")
	}
	if a.Copies < 1 || !(a.Rate > 0 && a.Rate <= 1) {
		return fmt.Errorf("curate: augment: %d copies that change a share of %g, expected 1 or more, and more than 0 and at most 1", a.Copies, a.Rate)
	}
	return nil
}

// givenKeys are the keys of texts that are given, and of messages of whom the user's are.
var givenKeys = []string{"text", "text_pair", "prompt", "source", "instruction", "input", "anchor", "messages", "conversations"}

// takes tells whether a record has something to change.
func (a *Augmenter) takes(r data.Record) bool {
	if r.Shape == data.WordsShape || r.Plain() {
		return false
	}
	return slices.ContainsFunc(givenKeys, func(key string) bool { _, ok := r.Object.Get(key); return ok })
}

// Records returns changed copies of a record, which is left as it is. It is a data.Variation.
func (a *Augmenter) Records(record *orderedjson.Object, number uint64) []*orderedjson.Object {
	var out []*orderedjson.Object
	for k := range a.Copies {
		d := &draws{seed: a.Seed ^ number, stream: augmentStream + uint64(k)}
		change := a.Changes[(int(number%uint64(len(a.Changes)))+k)%len(a.Changes)]
		copied, changed := record.Clone(), false
		for _, key := range givenKeys {
			if value, ok := record.Get(key); ok {
				if other, did := a.value(value, change, d); did {
					copied.Set(key, other)
					changed = true
				}
			}
		}
		if changed {
			out = append(out, copied)
		}
	}
	return out
}

// value changes a text, or the user's messages of a list.
func (a *Augmenter) value(value any, change Change, d *draws) (any, bool) {
	switch v := value.(type) {
	case string:
		return a.text(v, change, d)
	case []any:
		out, changed := slices.Clone(v), false
		for i, item := range v {
			message, ok := item.(*orderedjson.Object)
			if !ok {
				continue
			}
			role, _ := message.Get("role")
			from, _ := message.Get("from")
			if role != "user" && from != "human" && from != "user" {
				continue
			}
			for _, key := range []string{"content", "value"} {
				content, _ := message.Get(key)
				text, ok := content.(string)
				if !ok {
					continue
				}
				if other, did := a.text(text, change, d); did {
					copied := message.Clone()
					copied.Set(key, other)
					out[i], changed = copied, true
				}
			}
		}
		return out, changed
	}
	return value, false
}

// text changes words of a text; ok is false where nothing has changed.
func (a *Augmenter) text(text string, change Change, d *draws) (changed string, ok bool) {
	lead, words := split(text)
	n := max(1, int(a.Rate*float64(len(words))+0.5))
	switch {
	case change == Synonyms:
		words = a.replace(words, n, d)
	case len(words) < 2:
		return text, false
	case change == Swap:
		for range n {
			i, j := d.below(len(words)), d.below(len(words)-1)
			if j >= i {
				j++
			}
			words[i].text, words[j].text = words[j].text, words[i].text
		}
	default:
		for range min(n, len(words)-1) {
			i := d.below(len(words))
			words = slices.Delete(words, i, i+1)
		}
	}
	var b strings.Builder
	b.WriteString(lead)
	for _, w := range words {
		b.WriteString(w.text)
		b.WriteString(w.space)
	}
	out := b.String()
	return out, out != text
}

// replace puts other words in the places of n that have synonyms.
func (a *Augmenter) replace(words []word, n int, d *draws) []word {
	var known []int
	for i, w := range words {
		if len(a.Synonyms[strings.ToLower(bare(w.text))]) > 0 {
			known = append(known, i)
		}
	}
	for range min(n, len(known)) {
		k := d.below(len(known))
		w := &words[known[k]]
		known = slices.Delete(known, k, k+1)
		old := bare(w.text)
		others := a.Synonyms[strings.ToLower(old)]
		other := others[d.below(len(others))]
		if first, _ := utf8.DecodeRuneInString(old); unicode.IsUpper(first) {
			r, size := utf8.DecodeRuneInString(other)
			other = string(unicode.ToUpper(r)) + other[size:]
		}
		w.text = strings.Replace(w.text, old, other, 1)
	}
	return words
}

// bare returns a word without what stands around its letters and digits.
func bare(text string) string {
	return strings.TrimFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// word is a word of a text and the space behind it.
type word struct{ text, space string }

// split returns the space that a text begins with and its words: what stands between spaces, and each character by itself of writings that have
// no spaces.
func split(text string) (lead string, words []word) {
	rest := strings.TrimLeftFunc(text, unicode.IsSpace)
	lead = text[:len(text)-len(rest)]
	for rest != "" {
		end := strings.IndexFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || unspaced(r) })
		if end < 0 {
			end = len(rest)
		}
		if end == 0 {
			_, end = utf8.DecodeRuneInString(rest)
		}
		w := word{text: rest[:end]}
		behind := strings.TrimLeftFunc(rest[end:], unicode.IsSpace)
		w.space = rest[end : len(rest)-len(behind)]
		words, rest = append(words, w), behind
	}
	return lead, words
}

// draws are random numbers, one behind the other.
type draws struct{ seed, stream, at uint64 }

// below returns the next number in [0, n).
func (d *draws) below(n int) int {
	u := random.Float64(d.seed, d.stream, d.at)
	d.at++
	return int(u * float64(n))
}

package words

import (
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
)

// Vocabulary has the words of a corpus by their numbers, the most frequent first.
type Vocabulary struct {
	words  []string
	counts []int64
	index  map[string]int32
}

// NewVocabulary makes a vocabulary of distinct words and their counts, in their order. Counts may be nil where nobody knows them.
func NewVocabulary(words []string, counts []int64) (*Vocabulary, error) {
	if counts != nil && len(counts) != len(words) {
		return nil, fmt.Errorf("words: vocabulary: %d counts for %d words", len(counts), len(words))
	}
	if len(words) > math.MaxInt32 {
		return nil, fmt.Errorf("words: vocabulary: %d words, expected at most %d", len(words), math.MaxInt32)
	}
	v := &Vocabulary{words: words, counts: counts, index: make(map[string]int32, len(words))}
	for i, w := range words {
		if _, twice := v.index[w]; twice {
			return nil, fmt.Errorf("words: vocabulary: the word %q is there twice", w)
		}
		v.index[w] = int32(i)
	}
	return v, nil
}

// Len returns V.
func (v *Vocabulary) Len() int { return len(v.words) }

// Word returns word i.
func (v *Vocabulary) Word(i int) string { return v.words[i] }

// Count returns how often word i was found, 0 where nobody knows.
func (v *Vocabulary) Count(i int) int64 {
	if v.counts == nil {
		return 0
	}
	return v.counts[i]
}

// ID returns the number of a word.
func (v *Vocabulary) ID(word string) (id int, ok bool) {
	i, ok := v.index[word]
	return int(i), ok
}

// total returns how many words of the corpus are in the vocabulary.
func (v *Vocabulary) total() (n int64) {
	for _, c := range v.counts {
		n += c
	}
	return n
}

// Texts is a text in pieces, which end between words. It is gone through more than once.
type Texts func() iter.Seq2[[]byte, error]

// ErrNoWords says that nothing is left to learn from.
var ErrNoWords = errors.New("no word is frequent enough")

// CountWords returns the words that are there minCount times or more, by their counts, and those of one count in the order in which they
// are found first.
func CountWords(texts Texts, split Splitter, minCount int) (*Vocabulary, error) {
	c := newCounter()
	for text, err := range texts() {
		if err != nil {
			return nil, err
		}
		split(text, func(word []byte) { c.add(word) })
	}
	return c.vocabulary(minCount)
}

// counter counts words.
type counter struct {
	words  []string
	counts []int64
	index  map[string]int32
	total  int64
}

func newCounter() *counter { return &counter{index: map[string]int32{}} }

// add counts a word and returns its number, by the order of first places.
func (c *counter) add(word []byte) int32 {
	i, ok := c.index[string(word)]
	if !ok {
		i = int32(len(c.words))
		c.words, c.counts = append(c.words, string(word)), append(c.counts, 0)
		c.index[c.words[i]] = i
	}
	c.counts[i]++
	c.total++
	return i
}

// vocabulary returns the words that were counted often enough.
func (c *counter) vocabulary(minCount int) (*Vocabulary, error) {
	order := make([]int32, 0, len(c.words))
	for i, n := range c.counts {
		if n >= int64(minCount) {
			order = append(order, int32(i))
		}
	}
	if len(order) == 0 {
		return nil, fmt.Errorf("words: %w: of %d words none is there %d times", ErrNoWords, len(c.words), minCount)
	}
	slices.SortFunc(order, func(a, b int32) int { return cmp.Or(cmp.Compare(c.counts[b], c.counts[a]), cmp.Compare(a, b)) })
	v := &Vocabulary{index: make(map[string]int32, len(order))}
	for i, old := range order {
		v.words, v.counts = append(v.words, c.words[old]), append(v.counts, c.counts[old])
		v.index[c.words[old]] = int32(i)
	}
	return v, nil
}

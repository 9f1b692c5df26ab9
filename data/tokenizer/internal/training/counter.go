// Package training learns the vocabularies of tokenizers from counts of words.
//
// Every trainer gives the same result on any number of threads: words are
// counted exactly and put in order before anything depends on them.
package training

import (
	"slices"
	"strings"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/packed"
)

// Word is a word of a corpus and how often it occurs.
type Word struct {
	Text  string
	Count int64
}

// counter counts words in memory.
type counter struct {
	slots []countSlot // short words, in a table filled at most to the half
	shift uint
	used  int

	index map[string]int32 // long words
	long  []Word
	held  int64 // bytes of long words
}

type countSlot struct {
	word  packed.Word
	count int64
}

const initialBits = 12

func newCounter() *counter {
	return &counter{slots: make([]countSlot, 1<<initialBits), shift: 64 - initialBits, index: map[string]int32{}}
}

// longOverhead is about what a long word costs beside its bytes.
const longOverhead = 96

// memory returns about how many bytes the counter holds.
func (c *counter) memory() int64 { return 24*int64(len(c.slots)) + c.held }

// full reports whether one more word might take the counter beyond limit bytes.
func (c *counter) full(limit int64) bool {
	m := c.memory()
	if 2*c.used+2 >= len(c.slots) {
		m += 4 * 24 * int64(len(c.slots)) // both tables, while the words move
	}
	return m > limit
}

// add counts the first n bytes of b as a word, n times weight.
func (c *counter) add(b []byte, n int, weight int64) {
	if n > packed.MaxLen {
		c.addLong(b[:n], weight)
		return
	}
	w := packed.Pack(b, n)
	s := c.find(w)
	if s.word.Hi == 0 {
		if 2*c.used >= len(c.slots) {
			c.grow()
			s = c.find(w)
		}
		s.word = w
		c.used++
	}
	s.count += weight
}

func (c *counter) addLong(b []byte, weight int64) {
	if i, ok := c.index[string(b)]; ok {
		c.long[i].Count += weight
		return
	}
	text := string(b)
	c.index[text] = int32(len(c.long))
	c.long = append(c.long, Word{text, weight})
	c.held += int64(len(text)) + longOverhead
}

func (c *counter) find(w packed.Word) *countSlot {
	mask := uint64(len(c.slots) - 1)
	for i := w.Hash() >> c.shift; ; i++ {
		if s := &c.slots[i&mask]; s.word == w || s.word.Hi == 0 {
			return s
		}
	}
}

func (c *counter) grow() {
	old := c.slots
	c.slots = make([]countSlot, 4*len(old))
	c.shift -= 2
	for i := range old {
		if s := &old[i]; s.word.Hi != 0 {
			*c.find(s.word) = *s
		}
	}
}

// merge adds the counts of d.
func (c *counter) merge(d *counter) {
	var b [16]byte
	for i := range d.slots {
		if s := &d.slots[i]; s.word.Hi != 0 {
			w := s.word.Append(b[:0])
			c.add(w, len(w), s.count)
		}
	}
	for _, w := range d.long {
		c.addLong([]byte(w.Text), w.Count)
	}
}

// sorted returns the words in the order of their bytes.
func (c *counter) sorted() []Word {
	words := make([]Word, 0, c.used+len(c.long))
	var b [16]byte
	for i := range c.slots {
		if s := &c.slots[i]; s.word.Hi != 0 {
			words = append(words, Word{string(s.word.Append(b[:0])), s.count})
		}
	}
	words = append(words, c.long...)
	slices.SortFunc(words, func(a, b Word) int { return strings.Compare(a.Text, b.Text) })
	return words
}

func (c *counter) reset() { *c = *newCounter() }

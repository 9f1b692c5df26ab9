package words

import (
	"bytes"
	"fmt"
	"math"
)

// sentenceWords is the most words of a sentence; a longer one is cut.
const sentenceWords = 1000

// corpus is a text as numbers of words, those that the vocabulary doesn't have left out. Sentences are lines.
type corpus struct {
	ids  []int32
	ends []int32 // of sentences, in words
}

// add appends a word.
func (c *corpus) add(id int32) {
	c.ids = append(c.ids, id)
	if len(c.ids)-c.begin() == sentenceWords {
		c.end()
	}
}

// end ends a sentence, unless it is empty.
func (c *corpus) end() {
	if len(c.ids) > c.begin() {
		c.ends = append(c.ends, int32(len(c.ids)))
	}
}

// begin returns where the sentence that isn't ended begins.
func (c *corpus) begin() int {
	if len(c.ends) == 0 {
		return 0
	}
	return int(c.ends[len(c.ends)-1])
}

// eachLine calls line for the lines of a text, and ends where there are more words than can be numbered.
func eachLine(texts Texts, line func(line []byte) (words int)) error {
	for text, err := range texts() {
		if err != nil {
			return err
		}
		for l := range bytes.Lines(text) {
			if line(l) > math.MaxInt32 {
				return fmt.Errorf("words: the corpus has more than %d words", math.MaxInt32)
			}
		}
	}
	return nil
}

// readCorpus reads a text by a vocabulary.
func readCorpus(texts Texts, split Splitter, v *Vocabulary) (*corpus, error) {
	c := &corpus{}
	err := eachLine(texts, func(line []byte) int {
		split(line, func(word []byte) {
			if id, ok := v.index[string(word)]; ok {
				c.add(id)
			}
		})
		c.end()
		return len(c.ids)
	})
	if err == nil && len(c.ids) == 0 {
		err = fmt.Errorf("words: %w: the text has none of the vocabulary's", ErrNoWords)
	}
	return c, err
}

// readCounted is CountWords and readCorpus in one go.
func readCounted(texts Texts, split Splitter, minCount int) (*Vocabulary, *corpus, error) {
	counts, all := newCounter(), corpus{}
	err := eachLine(texts, func(line []byte) int {
		split(line, func(word []byte) { all.ids = append(all.ids, counts.add(word)) })
		all.ends = append(all.ends, int32(len(all.ids)))
		return len(all.ids)
	})
	if err != nil {
		return nil, nil, err
	}
	v, err := counts.vocabulary(minCount)
	if err != nil {
		return nil, nil, err
	}
	numbers := make([]int32, len(counts.words))
	for i, word := range counts.words {
		var ok bool
		if numbers[i], ok = v.index[word]; !ok {
			numbers[i] = -1
		}
	}
	c := &corpus{ids: all.ids[:0]} // which never grows beyond what was read
	at := 0
	for _, end := range all.ends {
		for ; at < int(end); at++ {
			if id := numbers[all.ids[at]]; id >= 0 {
				c.add(id)
			}
		}
		c.end()
	}
	return v, c, nil
}

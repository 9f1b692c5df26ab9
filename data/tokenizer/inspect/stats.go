// Package inspect shows what tokenizers make of texts and compares them.
package inspect

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/data/tokenizer"
)

// Stats counts what a tokenizer makes of a corpus.
type Stats struct {
	Name        string
	VocabSize   int
	Documents   int64
	Bytes       int64
	Chars       int64
	Words       int64 // runs of anything but white space
	Tokens      int64
	Unknown     int64   // tokens that stand for what the vocabulary lacks
	Counts      []int64 // of each id
	Unreachable []int32 // ids that no text yields
}

// PerWord returns the fertility: the mean number of tokens of a word.
func (s *Stats) PerWord() float64 { return ratio(s.Tokens, s.Words) }

// PerChar returns the mean number of tokens of a character.
func (s *Stats) PerChar() float64 { return ratio(s.Tokens, s.Chars) }

// PerByte returns the mean number of tokens of a byte.
func (s *Stats) PerByte() float64 { return ratio(s.Tokens, s.Bytes) }

// Used returns the number of ids that occur.
func (s *Stats) Used() int {
	n := 0
	for _, c := range s.Counts {
		if c > 0 {
			n++
		}
	}
	return n
}

// Unused returns the ids that don't occur, in order.
func (s *Stats) Unused() []int32 {
	var out []int32
	for id, c := range s.Counts {
		if c == 0 {
			out = append(out, int32(id))
		}
	}
	return out
}

// Frequent returns the n ids that occur most, the most frequent first.
func (s *Stats) Frequent(n int) []int32 {
	ids := make([]int32, 0, len(s.Counts))
	for id, c := range s.Counts {
		if c > 0 {
			ids = append(ids, int32(id))
		}
	}
	slices.SortStableFunc(ids, func(a, b int32) int { return int(min(max(s.Counts[b]-s.Counts[a], -1), 1)) })
	return ids[:min(n, len(ids))]
}

func ratio(a, b int64) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// batchBytes is about how much text is encoded at a time.
const batchBytes = 4 << 20

// Measure counts what t makes of a corpus, without special tokens around the documents.
func Measure(ctx context.Context, name string, t *tokenizer.Tokenizer, corpus tokenizer.Corpus) (*Stats, error) {
	s := &Stats{Name: name, VocabSize: t.VocabSize(), Counts: make([]int64, t.VocabSize()), Unreachable: t.Unreachable()}
	unknown := unknownID(t)
	var batch [][]byte
	size := 0
	flush := func() {
		for _, ids := range t.EncodeIDs(batch, false) {
			s.Tokens += int64(len(ids))
			for _, id := range ids {
				s.Counts[id]++
			}
		}
		batch, size = batch[:0], 0
	}
	for doc, err := range corpus {
		if err != nil {
			return nil, fmt.Errorf("inspect: %w", err)
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		s.count(doc)
		batch = append(batch, append([]byte(nil), doc...))
		if size += len(doc); size >= batchBytes {
			flush()
		}
	}
	flush()
	if unknown >= 0 {
		s.Unknown = s.Counts[unknown]
	}
	return s, nil
}

// unknownID returns the id that stands for what the vocabulary lacks, -1 if there is none.
func unknownID(t *tokenizer.Tokenizer) int32 {
	for _, name := range []string{"<unk>", "[UNK]"} {
		if id, ok := t.ID(name); ok {
			return id
		}
	}
	return -1
}

// grouped returns n with its digits in groups of three: 1,234,567.
func grouped[T int | int64](n T) string {
	digits := strconv.FormatInt(int64(n), 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

func (s *Stats) count(doc []byte) {
	s.Documents++
	s.Bytes += int64(len(doc))
	inWord := false
	for i := 0; i < len(doc); {
		r, w := utf8.DecodeRune(doc[i:])
		s.Chars++
		if space := unicode.IsSpace(r); space {
			inWord = false
		} else if !inWord {
			inWord = true
			s.Words++
		}
		i += w
	}
}

// Named is a tokenizer with the name that a comparison has for it.
type Named struct {
	Name      string
	Tokenizer *tokenizer.Tokenizer
}

// Compare measures several tokenizers on one corpus, which is read once for each.
func Compare(ctx context.Context, tokenizers []Named, corpus tokenizer.Corpus) ([]*Stats, error) {
	out := make([]*Stats, len(tokenizers))
	for i, n := range tokenizers {
		var err error
		if out[i], err = Measure(ctx, n.Name, n.Tokenizer, corpus); err != nil {
			return nil, fmt.Errorf("%s: %w", n.Name, err)
		}
	}
	return out, nil
}

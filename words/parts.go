package words

import (
	"slices"
	"unicode/utf8"

	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// lineEnd is the word that fastText takes a line's end for; it has no parts.
const lineEnd = "</s>"

// appendParts appends the buckets of a word's parts, as fastText has them: of "<word>", all of minN to maxN characters but for a lone end.
func appendParts(dst []int32, word string, c Config) []int32 {
	if c.MaxN <= 0 {
		return dst
	}
	marked := "<" + word + ">"
	for i := 0; i < len(marked); {
		_, size := utf8.DecodeRuneInString(marked[i:])
		end := i
		for n := 1; end < len(marked) && n <= c.MaxN; n++ {
			_, s := utf8.DecodeRuneInString(marked[end:])
			end += s
			if n >= c.MinN && !(n == 1 && (i == 0 || end == len(marked))) {
				dst = append(dst, int32(partHash(marked[i:end])%uint32(c.Buckets)))
			}
		}
		i += size
	}
	return dst
}

// partHash is fastText's: FNV-1a of 32 bits with bytes taken as signed.
func partHash(s string) uint32 {
	h := uint32(2166136261)
	for i := range len(s) {
		h ^= uint32(int32(int8(s[i])))
		h *= 16777619
	}
	return h
}

// wordParts are words with parts as a training sees them. A word's vector is the mean of its parts' rows, and moves as they do: what it learns is added to each of
// them. Within a round a piece learns the words' vectors alone, each from the mean as the round found it, and the parts get the changes when the round is over. So a
// word sees what others taught its parts from the next round on, as it does what other pieces learned.
type wordParts struct {
	parts  [][]int32 // of each word, as rows of values
	values []float32 // [any, dim]
	dim    int
	ones   []float32 // as many as a word has parts at most

	uses, ways []float64 // of each row in mergeParts, 0 outside of it
}

func newWordParts(in *table, parts [][]int32) *wordParts {
	s := &wordParts{parts: in.places(parts), values: in.values, dim: in.dim}
	most := 0
	for _, rows := range parts {
		most = max(most, len(rows))
	}
	s.ones = slices.Repeat([]float32{1}, most)
	n := len(in.values) / in.dim
	s.uses, s.ways = make([]float64, n), make([]float64, n)
	return s
}

// of returns a row of values.
func (s *wordParts) of(row int32) []float32 { return s.values[int(row)*s.dim:][:s.dim] }

// mean sets dst [dim] to the mean of a word's parts.
func (s *wordParts) mean(dst []float32, word int32) {
	rows := s.parts[word]
	clear(dst)
	kernels.AXPYEach(dst, s.ones[:len(rows)], s.values, rows, s.dim)
	kernels.Scale(dst, dst, 1/float32(len(rows)))
}

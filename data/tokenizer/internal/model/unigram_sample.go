package model

import (
	"math"
	"slices"
	"unicode/utf8"
)

// Sample appends tokens of word to dst that are drawn at random: a way to take
// the word apart comes up in proportion to its probability to the power of
// alpha. Random returns numbers in [0, 1).
func (m *Unigram) Sample(dst []Token, word []byte, alpha float64, random func() float64) ([]Token, error) {
	if len(word) == 0 {
		return dst, nil
	}
	// What Tokenize refuses is refused here.
	if probe, err := m.Tokenize(dst, word); err != nil {
		return probe, err
	}
	type edge struct {
		start int
		id    int32
		log   float64 // of the sum over all ways that end with this token
	}
	ending := make([][]edge, len(word)+1)
	total := make([]float64, len(word)+1)
	for i := 1; i <= len(word); i++ {
		total[i] = math.Inf(-1)
	}
	for i := 0; i < len(word); {
		w := 1
		if word[i] >= utf8.RuneSelf {
			_, w = utf8.DecodeRune(word[i:])
		}
		single := false
		m.prefixes(word[i:], func(n int, id int32) {
			log := total[i] + alpha*m.scores[id]
			ending[i+n] = append(ending[i+n], edge{i, id, log})
			total[i+n] = logAdd(total[i+n], log)
			single = single || n == w
		})
		if !single {
			log := total[i] + alpha*m.unknownScore
			ending[i+w] = append(ending[i+w], edge{i, m.config.Unknown, log})
			total[i+w] = logAdd(total[i+w], log)
		}
		i += w
	}
	n := len(dst)
	end := len(word)
	draw := func(end int) edge {
		r := random()
		for _, e := range ending[end] {
			if r -= math.Exp(e.log - total[end]); r < 0 {
				return e
			}
		}
		return ending[end][len(ending[end])-1]
	}
	for k := draw(end); ; {
		start := k.start
		var next edge
		for start > 0 {
			// Unknown characters in a row make one token.
			if next = draw(start); k.id != m.config.Unknown || next.id != m.config.Unknown {
				break
			}
			start = next.start
		}
		dst = m.appendReversed(dst, word, k.id, start, end)
		if end = start; end == 0 {
			break
		}
		k = next
	}
	slices.Reverse(dst[n:])
	return dst, nil
}

// prefixes calls do for each token that b begins with.
func (m *Unigram) prefixes(b []byte, do func(n int, id int32)) {
	node := int32(0)
	for k, c := range b {
		if node = m.trie.child(node, c); node < 0 {
			return
		}
		if id := m.trie.value[node]; id >= 0 {
			do(k+1, id)
		}
	}
}

func logAdd(a, b float64) float64 {
	if a < b {
		a, b = b, a
	}
	if math.IsInf(b, -1) {
		return a
	}
	return a + math.Log1p(math.Exp(b-a))
}

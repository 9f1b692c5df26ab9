package words

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
)

// Weighting is how the distance of two words counts.
type Weighting uint8

// The weightings.
const (
	Harmonic Weighting = iota // 1/distance, as GloVe has it
	Linear                    // (window+1-distance)/window, what word2vec's windows are on average
	Flat                      // 1
)

// Cooccurrence is how often words are near to each other: for each word the words that are found within the window of it, sorted.
type Cooccurrence struct {
	Vocabulary *Vocabulary
	Begin      []int     // [V+1], of the words' columns
	Columns    []int32   // numbers of words
	Weights    []float64 // of the same places
}

// CooccurrenceConfig configures CountCooccurrence.
type CooccurrenceConfig struct {
	Window    int // words to each side, > 0
	Weighting Weighting
	// Room is how many pairs are held before equal ones are added up, sixteen bytes each; default 2²². It bounds the memory beside that of the result.
	Room int
}

// pairCount is how often a word was found near another.
type pairCount struct {
	row, column int32
	weight      float64
}

// CountCooccurrence goes through a text once, whatever its size, and counts within lines.
func CountCooccurrence(texts Texts, split Splitter, v *Vocabulary, c CooccurrenceConfig) (*Cooccurrence, error) {
	if c.Window < 1 || c.Room < 0 || c.Weighting > Flat {
		return nil, fmt.Errorf("words: co-occurrence: a window of %d, room for %d pairs and weighting %d, expected at least 1, at least 0 and a known one", c.Window, c.Room, c.Weighting)
	}
	if c.Room == 0 {
		c.Room = 1 << 22
	}
	weights := make([]float64, c.Window+1)
	for d := 1; d <= c.Window; d++ {
		switch c.Weighting {
		case Harmonic:
			weights[d] = 1 / float64(d)
		case Linear:
			weights[d] = float64(c.Window+1-d) / float64(c.Window)
		default:
			weights[d] = 1
		}
	}
	var sum, fresh []pairCount
	var line []int32
	for text, err := range texts() {
		if err != nil {
			return nil, err
		}
		for l := range bytes.Lines(text) {
			line = line[:0]
			split(l, func(word []byte) {
				if id, ok := v.index[string(word)]; ok {
					line = append(line, id)
				}
			})
			for i, word := range line {
				for d := 1; d <= min(c.Window, i); d++ {
					near := line[i-d]
					fresh = append(fresh, pairCount{word, near, weights[d]}, pairCount{near, word, weights[d]})
				}
			}
			if len(fresh) >= c.Room {
				sum, fresh = addPairs(sum, fresh), fresh[:0]
			}
		}
	}
	sum = addPairs(sum, fresh)
	if len(sum) == 0 {
		return nil, fmt.Errorf("words: co-occurrence: %w: no line has two words of the vocabulary", ErrNoWords)
	}
	m := &Cooccurrence{Vocabulary: v, Begin: make([]int, v.Len()+1), Columns: make([]int32, len(sum)), Weights: make([]float64, len(sum))}
	for i, p := range sum {
		m.Begin[p.row+1] = i + 1
		m.Columns[i], m.Weights[i] = p.column, p.weight
	}
	for i := 1; i < len(m.Begin); i++ {
		m.Begin[i] = max(m.Begin[i], m.Begin[i-1])
	}
	return m, nil
}

// addPairs merges pairs into a sorted list of distinct ones.
func addPairs(sum, fresh []pairCount) []pairCount {
	order := func(a, b pairCount) int { return cmp.Or(cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column)) }
	slices.SortStableFunc(fresh, order)
	merged := make([]pairCount, 0, len(sum)+len(fresh)/4)
	add := func(p pairCount) {
		if last := len(merged) - 1; last >= 0 && order(merged[last], p) == 0 {
			merged[last].weight += p.weight
		} else {
			merged = append(merged, p)
		}
	}
	i := 0
	for _, p := range fresh {
		for i < len(sum) && order(sum[i], p) <= 0 {
			add(sum[i])
			i++
		}
		add(p)
	}
	for _, p := range sum[i:] {
		add(p)
	}
	return merged
}

package words

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"iter"
	"math"
	"runtime/debug"
	"slices"
)

// PairsConfig configures CountPairs.
type PairsConfig struct {
	CooccurrenceConfig
	// Memory is how many bytes pairs may take, about; 0 means no bound. What doesn't fit is kept in files. The result doesn't depend on it.
	Memory int64
	// Dir is the directory of those files, which are gone after Close; needed where there is a bound.
	Dir string
}

// Validate tells what is wrong with the settings, or nil.
func (c PairsConfig) Validate() error {
	if err := c.CooccurrenceConfig.Validate(); err != nil {
		return err
	}
	if c.Memory < 0 || c.Memory > 0 && c.Dir == "" {
		return fmt.Errorf("words: pairs in %d bytes of memory and files in %q, expected 0 or more and a directory", c.Memory, c.Dir)
	}
	return nil
}

// Pairs are how often words are near each other, where that may be more than memory holds: what GloVe learns from.
type Pairs struct {
	vocabulary *Vocabulary
	config     PairsConfig
	runs       *pairRuns
	rest       []pair // those in memory, sorted
}

// pair is a word near another.
type pair struct {
	key         uint64 // what it is sorted by, before row and column
	row, column int32
	weight      float64
}

func comparePairs(a, b pair) int {
	return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.row, b.row), cmp.Compare(a.column, b.column))
}

// pairBytes is what a pair takes in memory, with the list that it is sorted in and the room that a table keeps.
const pairBytes = 96

// CountPairs goes through a text once, whatever its size, and counts within lines. What comes must be closed.
func CountPairs(texts Texts, split Splitter, v *Vocabulary, c PairsConfig) (*Pairs, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	p := &Pairs{vocabulary: v, config: c, runs: newPairRuns(c)}
	table := newPairTable()
	weights := c.weights()
	var line []int32
	for text, err := range texts() {
		if err != nil {
			return nil, p.fail(err)
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
					table.add(pairKey(word, near), weights[d])
					table.add(pairKey(near, word), weights[d])
				}
				if p.runs.full(table.n) {
					if err := p.runs.spill(table.sorted()); err != nil {
						return nil, p.fail(err)
					}
					table.clear()
				}
			}
		}
	}
	p.rest, table = table.sorted(), nil
	debug.FreeOSMemory() // or what learns from the pairs would find the table's memory taken, more than they have
	if len(p.rest) == 0 && len(p.runs.files) == 0 {
		return nil, p.fail(fmt.Errorf("words: co-occurrence: %w: no line has two words of the vocabulary", ErrNoWords))
	}
	return p, nil
}

// Close removes the files.
func (p *Pairs) Close() error { return p.runs.close() }

// fail closes p and returns an error with what else went wrong.
func (p *Pairs) fail(err error) error { return errors.Join(err, p.Close()) }

// distinct yields the pairs in the order of their words, each once with the sum of its weights.
func (p *Pairs) distinct() iter.Seq2[pair, error] {
	return func(yield func(pair, error) bool) {
		var sum pair
		for next, err := range p.runs.merged(p.rest) {
			switch {
			case err != nil:
				yield(pair{}, err)
				return
			case sum.weight > 0 && next.key == sum.key:
				sum.weight += next.weight
				continue
			case sum.weight > 0 && !yield(sum, nil):
				return
			}
			sum = next
		}
		if sum.weight > 0 {
			yield(sum, nil)
		}
	}
}

func pairKey(row, column int32) uint64 { return uint64(row)<<32 | uint64(column) }

// pairUnit is what all weights are multiples of, so that sums below 2²⁹ are exact, and the same in any order.
const pairUnit = 1.0 / (1 << 24)

// weights returns the weight of each distance.
func (c CooccurrenceConfig) weights() []float64 {
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
		weights[d] = max(1, math.Round(weights[d]/pairUnit)) * pairUnit
	}
	return weights
}

// pairTable adds up the weights of pairs: a hash table with open addressing, of which up to three quarters are taken. A place without a weight is free.
type pairTable struct {
	keys    []uint64
	weights []float64
	n       int
}

func newPairTable() *pairTable {
	const least = 1 << 12
	return &pairTable{keys: make([]uint64, least), weights: make([]float64, least)}
}

// at returns the place of a key.
func (t *pairTable) at(key uint64) uint64 {
	mask := uint64(len(t.keys) - 1)
	hash := key * 0x9E3779B97F4A7C15
	for i := (hash ^ hash>>32) & mask; ; i = (i + 1) & mask {
		if t.weights[i] == 0 || t.keys[i] == key {
			return i
		}
	}
}

func (t *pairTable) add(key uint64, weight float64) {
	i := t.at(key)
	if t.weights[i] == 0 {
		if 4*t.n >= 3*len(t.keys) {
			t.grow()
			i = t.at(key)
		}
		t.keys[i] = key
		t.n++
	}
	t.weights[i] += weight
}

func (t *pairTable) grow() {
	old := *t
	t.keys, t.weights = make([]uint64, 2*len(old.keys)), make([]float64, 2*len(old.keys))
	for i, w := range old.weights {
		if w > 0 {
			to := t.at(old.keys[i])
			t.keys[to], t.weights[to] = old.keys[i], w
		}
	}
	const large = 1 << 20 // places
	if len(old.keys) >= large {
		old = pairTable{}
		debug.FreeOSMemory() // the old table's, before the next is made
	}
}

// sorted returns all pairs in the order of their keys.
func (t *pairTable) sorted() []pair {
	pairs := make([]pair, 0, t.n)
	for i, w := range t.weights {
		if w > 0 {
			pairs = append(pairs, pair{t.keys[i], int32(t.keys[i] >> 32), int32(t.keys[i]), w})
		}
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Compare(a.key, b.key) })
	return pairs
}

func (t *pairTable) clear() {
	clear(t.weights)
	t.n = 0
}

package training

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// BPEConfig says what byte-pair merges are learned.
type BPEConfig struct {
	VocabSize    int      // stop at this many tokens
	MinFrequency int64    // stop at pairs that occur less often than this
	Special      []string // tokens that come first in the vocabulary
	// Symbols, if set, makes words consist of bytes: Symbols[b] spells byte b, and all of them are
	// in the vocabulary. Otherwise words consist of characters.
	Symbols []string
	// Coverage is the share of the text whose characters are in the vocabulary, the most frequent
	// first; the others separate words. 0, like 1, takes them all.
	Coverage float64
	// Prefix begins every symbol but the first of a word, Suffix ends its last one.
	Prefix, Suffix string
	// Progress, if set, is told from time to time how many tokens there are.
	Progress func(tokens int)
}

// BPE learns the merges of a byte-pair encoding (Sennrich et al. 2016) from
// words. It returns the tokens in the order of their ids, and the merges in the
// order in which they are made; both equal those of Hugging Face's trainer.
func BPE(ctx context.Context, words []Word, c BPEConfig) (tokens []string, merges [][2]string, err error) {
	t := &bpeTrainer{config: c, ids: map[string]int32{}, free: -1}
	for _, s := range c.Special {
		t.id(s)
	}
	t.load(words)
	t.countPairs()
	for len(t.ids) < c.VocabSize {
		if len(t.merges)&0xff == 0 {
			if err := ctx.Err(); err != nil {
				return nil, nil, err
			}
			if c.Progress != nil {
				c.Progress(len(t.ids))
			}
		}
		e, ok := t.next()
		if !ok || e.count < 1 || e.count < uint64(max(c.MinFrequency, 0)) {
			break
		}
		if t.merge(e); len(t.places) > math.MaxInt32/2 || len(t.pairs) > math.MaxInt32/2 {
			return nil, nil, errors.New("training: BPE: too many different words; set a memory limit")
		}
	}
	merges = make([][2]string, 0, len(t.merges))
	for i, m := range t.merges {
		// A pair that was merged twice keeps its later place.
		if t.pairs[m].merged == int32(i) {
			left, right := t.pairs[m].ids()
			merges = append(merges, [2]string{t.tokens[left], t.tokens[right]})
		}
	}
	return t.tokens, merges, nil
}

type bpeTrainer struct {
	config BPEConfig
	tokens []string
	ids    map[string]int32

	symbols []int32 // of all words, one after another
	words   []bpeWord
	pairs   []bpePair
	index   pairIndex
	queue   entryHeap
	places  []place
	free    int32   // places that no list has any more; -1: none
	merges  []int32 // pairs, in the order in which they were merged
	touched []int32 // pairs that the current merge makes
}

// bpeWord is the part of symbols that a word takes now.
type bpeWord struct {
	start  int
	length int32
	count  int64
}

// bpePair is a pair of symbols that stood next to each other at some time.
type bpePair struct {
	key    uint64 // left<<32 | right
	count  int64
	merged int32 // the last place in merges
	fresh  int32 // the places that the current merge adds; -1: none
}

func (p *bpePair) ids() (left, right int32) { return int32(p.key >> 32), int32(p.key) }

// place is a member of a list of words.
type place struct {
	word int32
	next int32 // -1: the last
}

// id returns the id of a token, a new one if need be.
func (t *bpeTrainer) id(token string) int32 {
	if id, ok := t.ids[token]; ok {
		return id
	}
	id := int32(len(t.tokens))
	t.ids[token] = id
	t.tokens = append(t.tokens, token)
	return id
}

// load makes the initial vocabulary and splits the words into its symbols.
func (t *bpeTrainer) load(words []Word) {
	if t.config.Symbols != nil {
		t.loadBytes(words)
		return
	}
	coverage := t.config.Coverage
	if coverage == 0 {
		coverage = 1
	}
	alphabet := frequentChars(words, coverage, math.MaxInt)
	slices.Sort(alphabet)
	known := make(map[rune]bool, len(alphabet))
	for _, r := range alphabet {
		t.id(string(r))
		known[r] = true
	}
	for _, w := range words {
		start := len(t.symbols)
		for i, r := range w.Text {
			if !known[r] {
				t.addWord(start, w.Count)
				start = len(t.symbols)
				continue
			}
			s := string(r)
			if i > 0 {
				s = t.config.Prefix + s
			}
			if i+utf8.RuneLen(r) == len(w.Text) {
				s += t.config.Suffix
			}
			t.symbols = append(t.symbols, t.id(s))
		}
		t.addWord(start, w.Count)
	}
}

func (t *bpeTrainer) loadBytes(words []Word) {
	for _, s := range slices.Sorted(slices.Values(t.config.Symbols)) {
		t.id(s)
	}
	var ids [256]int32
	for b, s := range t.config.Symbols {
		ids[b] = t.id(s)
	}
	for _, w := range words {
		start := len(t.symbols)
		for i := range len(w.Text) {
			t.symbols = append(t.symbols, ids[w.Text[i]])
		}
		t.addWord(start, w.Count)
	}
}

func (t *bpeTrainer) addWord(start int, count int64) {
	if n := len(t.symbols) - start; n > 0 {
		t.words = append(t.words, bpeWord{start, int32(n), count})
	}
}

// countPairs fills the queue with the pairs of all words.
func (t *bpeTrainer) countPairs() {
	t.index.init(1 << 12)
	for w := range t.words {
		word := &t.words[w]
		s := t.symbols[word.start : word.start+int(word.length)]
		for i := 1; i < len(s); i++ {
			p := t.pair(s[i-1], s[i])
			t.pairs[p].count += word.count
			t.occurs(p, int32(w))
		}
	}
	t.enqueue()
}

// pair returns the number of a pair.
func (t *bpeTrainer) pair(left, right int32) int32 {
	key := uint64(uint32(left))<<32 | uint64(uint32(right))
	n := t.index.find(key, t.pairs)
	if n < 0 {
		n = int32(len(t.pairs))
		t.pairs = append(t.pairs, bpePair{key: key, fresh: -1})
		t.index.put(key, n, t.pairs)
	}
	return n
}

// occurs notes that the current merge puts pair p into a word.
func (t *bpeTrainer) occurs(p, word int32) {
	pair := &t.pairs[p]
	if pair.fresh < 0 {
		t.touched = append(t.touched, p)
	} else if t.places[pair.fresh].word == word {
		return
	}
	at := t.free
	if at < 0 {
		at = int32(len(t.places))
		t.places = append(t.places, place{})
	} else {
		t.free = t.places[at].next
	}
	t.places[at] = place{word, pair.fresh}
	pair.fresh = at
}

// enqueue puts the pairs that the current merge made into the queue.
func (t *bpeTrainer) enqueue() {
	for _, p := range t.touched {
		pair := &t.pairs[p]
		if pair.count > 0 {
			t.queue.push(entry{uint64(pair.count), pair.key, p, pair.fresh})
		}
		pair.fresh = -1
	}
	t.touched = t.touched[:0]
}

// next takes the most frequent pair from the queue, of several the one with the smallest ids.
func (t *bpeTrainer) next() (entry, bool) {
	for len(t.queue) > 0 {
		e := t.queue.pop()
		if count := uint64(max(t.pairs[e.pair].count, 0)); count != e.count {
			e.count = count
			t.queue.push(e)
			continue
		}
		return e, true
	}
	return entry{}, false
}

// merge merges a pair in all words of the entry.
func (t *bpeTrainer) merge(e entry) {
	pair := &t.pairs[e.pair]
	left, right := pair.ids()
	merged := t.id(t.tokens[left] + strings.TrimPrefix(t.tokens[right], t.config.Prefix))
	pair.merged = int32(len(t.merges))
	t.merges = append(t.merges, e.pair)
	last := int32(-1)
	for at := e.places; at >= 0; at = t.places[at].next {
		t.mergeWord(t.places[at].word, left, right, merged)
		last = at
	}
	if last >= 0 {
		t.places[last].next, t.free = t.free, e.places
	}
	t.enqueue()
}

// mergeWord merges left and right in a word, from its first symbol to its last,
// and keeps the counts of their neighbours.
func (t *bpeTrainer) mergeWord(w, left, right, merged int32) {
	word := &t.words[w]
	s := t.symbols[word.start : word.start+int(word.length)]
	out := 0
	for i := 0; i < len(s); i++ {
		if s[i] != left || i+1 == len(s) || s[i+1] != right {
			s[out] = s[i]
			out++
			continue
		}
		if out > 0 {
			t.change(s[out-1], left, -word.count, w)
			t.change(s[out-1], merged, word.count, w)
		}
		if i+2 < len(s) {
			t.change(right, s[i+2], -word.count, w)
			t.change(merged, s[i+2], word.count, w)
		}
		s[out] = merged
		out++
		i++
	}
	word.length = int32(out)
}

func (t *bpeTrainer) change(left, right int32, by int64, word int32) {
	p := t.pair(left, right)
	t.pairs[p].count += by
	if by > 0 {
		t.occurs(p, word)
	}
}

package training

import (
	"context"
	"errors"
	"math"
	"math/bits"
	"slices"

	"github.com/seahorse-ml/seahorse/data/tokenizer/internal/charclass"
)

// edge is a substring that stands at a position.
type edge struct{ at, piece int32 }

// seed finds the substrings that recur, up to MaxChars characters, and chooses
// those that save most. It goes from length to length: a substring can recur
// only if its beginning and its end, each one character shorter, do.
func (t *unigramTrainer) seed(ctx context.Context) error {
	l := &t.lattice
	if len(l.symbols) > math.MaxInt32/2 {
		return errors.New("training: unigram: too many different words; set a memory limit")
	}
	counts := make([]int64, len(t.chars))
	maximal := make([]bool, len(t.chars)) // no longer substring stands wherever this one stands
	level := make([]edge, len(l.symbols))
	t.pieces = make([]unigramPiece, len(t.chars))
	for w, n := range l.counts {
		for at := l.starts[w]; at < l.starts[w+1]; at++ {
			s := l.symbols[at]
			counts[s] += n
			level[at] = edge{at, s}
			t.pieces[s] = unigramPiece{at: at, chars: 1}
		}
	}
	for i := range maximal {
		maximal[i] = true
	}
	levels := [][]edge{level}
	kinds := t.kinds()
	for n := 2; n <= t.config.MaxChars && len(level) > 0; n++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		level, counts = t.lengthen(level, n, counts, kinds)
		for i := len(maximal); i < len(counts); i++ {
			maximal = append(maximal, true)
		}
		// The places of a substring that another one always continues say nothing new.
		parents := levels[n-2]
		k := 0
		for _, e := range level {
			for parents[k].at < e.at {
				k++
			}
			if p := parents[k].piece; counts[p] == counts[e.piece] && int(p) >= len(t.chars) {
				maximal[p] = false
			}
		}
		levels = append(levels, level)
	}
	t.choose(levels, counts, maximal)
	return nil
}

// lengthen returns the places at which substrings of n characters stand, given
// those of n-1, in order, and adds the substrings to the pieces.
func (t *unigramTrainer) lengthen(level []edge, n int, counts []int64, kinds []uint8) ([]edge, []int64) {
	l := &t.lattice
	table := newSubstringTable(len(level))
	var candidates []edge
	word := 0
	first := len(counts)
	for i := 0; i+1 < len(level); i++ {
		at := level[i].at
		if level[i+1].at != at+1 {
			continue
		}
		for l.starts[word+1] <= at {
			word++
		}
		last := at + int32(n) - 1
		if last >= l.starts[word+1] || !joins(kinds, l.symbols[at:last+1]) {
			continue
		}
		id := table.add(level[i].piece, l.symbols[last], l.counts[word])
		candidates = append(candidates, edge{at, id})
	}
	// Number those that recur in the order in which they first stand.
	renumber := make([]int32, len(table.counts))
	out := candidates[:0]
	for _, c := range candidates {
		if table.counts[c.piece] < 2 {
			continue
		}
		if renumber[c.piece] == 0 {
			counts = append(counts, table.counts[c.piece])
			t.pieces = append(t.pieces, unigramPiece{at: c.at, chars: uint8(n)})
			renumber[c.piece] = int32(len(counts) - first)
		}
		out = append(out, edge{c.at, int32(first) + renumber[c.piece] - 1})
	}
	return slices.Clip(out), counts
}

// The kinds of characters that pieces don't mix.
const (
	kindLetter = iota
	kindDigit
	kindOther
	kindMark
)

func (t *unigramTrainer) kinds() []uint8 {
	out := make([]uint8, len(t.chars))
	for i, r := range t.chars {
		switch c := charclass.Of(r); {
		case r == mark:
			out[i] = kindMark
		case c&(charclass.Letter|charclass.Mark) != 0:
			out[i] = kindLetter
		case c&charclass.Number != 0:
			out[i] = kindDigit
		default:
			out[i] = kindOther
		}
	}
	return out
}

// joins reports whether the last of the symbols may stand in a piece with those
// before: all of one kind, but for a mark that begins them. All but the last are known to fit.
func joins(kinds []uint8, s []int32) bool {
	last, before := kinds[s[len(s)-1]], kinds[s[len(s)-2]]
	return last != kindMark && (last == before || before == kindMark)
}

// choose keeps the characters and the maxSeeds other substrings with the
// greatest product of count and length, and makes edges of their places.
func (t *unigramTrainer) choose(levels [][]edge, counts []int64, maximal []bool) {
	var order []int32
	for i := len(t.chars); i < len(t.pieces); i++ {
		if maximal[i] {
			order = append(order, int32(i))
		}
	}
	if len(order) > maxSeeds {
		gain := func(i int32) int64 { return counts[i] * int64(t.pieces[i].chars) }
		slices.SortFunc(order, func(a, b int32) int {
			if x, y := gain(a), gain(b); x != y {
				return int(min(max(y-x, -1), 1))
			}
			return int(a - b)
		})
		order = order[:maxSeeds]
		slices.Sort(order)
	}
	renumber := make([]int32, len(t.pieces))
	for i := range renumber {
		renumber[i] = -1
	}
	pieces := make([]unigramPiece, 0, len(t.chars)+len(order))
	keep := func(i int32) {
		renumber[i] = int32(len(pieces))
		p := t.pieces[i]
		p.score = float64(counts[i]) * float64(p.chars)
		pieces = append(pieces, p)
	}
	for i := range t.chars {
		keep(int32(i))
	}
	for _, i := range order {
		keep(i)
	}
	var sum float64
	for _, p := range pieces {
		sum += p.score
	}
	for i := range pieces {
		pieces[i].score = math.Log(pieces[i].score / sum)
	}
	t.pieces = pieces
	t.connect(levels, renumber)
}

// connect makes edges of the places of the pieces that have a new number.
func (t *unigramTrainer) connect(levels [][]edge, renumber []int32) {
	l := &t.lattice
	l.edges = make([]int32, len(l.symbols)+1)
	for _, level := range levels {
		for _, e := range level {
			if renumber[e.piece] >= 0 {
				l.edges[e.at+1]++
			}
		}
	}
	for i := 1; i < len(l.edges); i++ {
		l.edges[i] += l.edges[i-1]
	}
	n := l.edges[len(l.edges)-1]
	l.lengths, l.pieces = make([]uint8, n), make([]int32, n)
	next := slices.Clone(l.edges)
	for i, level := range levels {
		for _, e := range level {
			if p := renumber[e.piece]; p >= 0 {
				k := next[e.at]
				next[e.at]++
				l.lengths[k], l.pieces[k] = uint8(i+1), p
			}
		}
	}
}

// substringTable counts substrings, told by the one that they lengthen and the character that they add.
type substringTable struct {
	keys   []uint64
	ids    []int32
	shift  uint
	counts []int64
}

func newSubstringTable(n int) *substringTable {
	size := 1 << 10
	for size < n+n/2 {
		size *= 2
	}
	return &substringTable{keys: make([]uint64, size), ids: make([]int32, size), shift: uint(64 - bits.TrailingZeros(uint(size)))}
}

// add counts a substring and returns its number in this table.
func (t *substringTable) add(piece, symbol int32, count int64) int32 {
	key := uint64(uint32(piece))<<32 | uint64(uint32(symbol)) + 1
	mask := uint64(len(t.keys) - 1)
	for i := key * 0x9e3779b97f4a7c15 >> t.shift; ; i++ {
		k := i & mask
		switch t.keys[k] {
		case key:
			t.counts[t.ids[k]] += count
			return t.ids[k]
		case 0:
			t.keys[k], t.ids[k] = key, int32(len(t.counts))
			t.counts = append(t.counts, count)
			return t.ids[k]
		}
	}
}

package data

import (
	"cmp"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// Sized is a Dataset that knows how much of a row is no padding.
type Sized interface {
	Dataset
	// Size returns how much of row i comes before all that is padding, in the inputs with a length: that of the given name.
	Size(i int, length string) int
}

// groupsInPiece is how many groups are sorted among each other, as transformers has it. More would make groups of rows more alike,
// and epochs less random.
const groupsInPiece = 50

// groupStream is the stream of random numbers that orders the groups of a piece, under the loader's seed; the epoch is added.
const groupStream = 0xda7a_0007 << 32

// grouping brings rows of like size together. The random order of an epoch is cut into pieces of 50 groups; the rows of a
// piece are sorted by size, so that each group has its like, and its groups shuffled.
type grouping struct {
	dataset Sized
	lengths []string
	group   uint64 // rows in a group
	seed    uint64
	epoch   uint64
	order   random.Permutation
	rows    uint64 // in an epoch
	phase   uint64 // rows at the start of the epoch that complete the last group of the epoch before

	begin  uint64 // place of the first row of sorted, behind phase
	sorted []sizedRow
	groups random.Permutation // of the whole groups in sorted
}

type sizedRow struct{ row, size int }

// start begins an epoch with its random order.
func (g *grouping) start(epoch uint64, order random.Permutation) {
	g.epoch, g.order, g.sorted = epoch, order, g.sorted[:0]
	given := (epoch % g.group) * (g.rows % g.group) // by the epochs before, but for whole groups
	g.phase = (g.group - given%g.group) % g.group
}

// at returns the row at a position of the epoch.
func (g *grouping) at(position uint64) int {
	if position < min(g.phase, g.rows) {
		return int(g.order.At(position))
	}
	place := position - g.phase
	if place < g.begin || place >= g.begin+uint64(len(g.sorted)) {
		g.sort(place / (g.group * groupsInPiece))
	}
	place -= g.begin
	if whole := uint64(len(g.sorted)) / g.group; place < whole*g.group {
		place = g.groups.At(place/g.group)*g.group + place%g.group
	}
	return g.sorted[place].row
}

// sort fills sorted with a piece.
func (g *grouping) sort(piece uint64) {
	size := g.group * groupsInPiece
	g.begin = piece * size
	n := min(size, g.rows-g.phase-g.begin)
	g.sorted = g.sorted[:0]
	for i := range n {
		row := int(g.order.At(g.phase + g.begin + i))
		size := 0
		for _, length := range g.lengths {
			size += g.dataset.Size(row, length)
		}
		g.sorted = append(g.sorted, sizedRow{row, size})
	}
	// The longest first, so that the part of a group at the end of an epoch has the shortest.
	slices.SortStableFunc(g.sorted, func(a, b sizedRow) int { return cmp.Compare(b.size, a.size) })
	if whole := n / g.group; whole > 0 {
		g.groups = random.NewPermutation(whole, g.seed, groupStream+g.epoch<<16+piece)
	}
}

// NarrowLayouts returns layouts that most groups of so many rows need no more than, the narrowest first, where rows of like size
// come together: that of the shorter half of the groups, and that of the shorter seven eighths. It leaves out those that are
// nearly the dataset's own, so there can be none.
func NarrowLayouts(d Sized, rows int) []Layout {
	full := d.Layout()
	lengths := full.Lengths()
	sum := func(sizes []int) (n int) {
		for _, s := range sizes {
			n += s
		}
		return n
	}
	sizes := make([][]int, d.Len())
	for i := range sizes {
		for _, length := range lengths {
			sizes[i] = append(sizes[i], d.Size(i, length))
		}
	}
	slices.SortFunc(sizes, func(a, b []int) int { return cmp.Compare(sum(a), sum(b)) })
	whole := 0
	l := full
	for _, length := range lengths {
		whole += full.Length(length)
		l = l.WithLength(length, min(1, full.Length(length)))
	}
	var narrow []Layout
	at := 0
	for _, part := range []struct{ of, all int }{{1, 2}, {7, 8}} {
		end := len(sizes) * part.of / part.all
		for ; at < end; at++ {
			for k, length := range lengths {
				if sizes[at][k] > l.Length(length) {
					l = l.WithLength(length, sizes[at][k])
				}
			}
		}
		const least = 10 // percent of the tokens that a layout must save to be worth its memory
		saved := whole
		for _, length := range lengths {
			saved -= l.Length(length)
		}
		if 100*saved >= least*whole && whole > 0 && !slices.ContainsFunc(narrow, l.Equal) {
			narrow = append(narrow, l)
		}
	}
	return narrow
}

package words

import (
	"github.com/seahorse-ml/seahorse/internal/parallel"
	"github.com/seahorse-ml/seahorse/internal/random"
)

// table is the matrix of vectors that texts are read by. Millions of rows are of buckets that no word of the vocabulary has a part in: nothing is learned about
// those, so they aren't kept, but drawn from the seed whenever they are asked for.
type table struct {
	dim    int
	rows   int             // of the matrix
	values []float32       // of the rows that are kept [any, dim]
	place  map[int32]int32 // of the rows that are kept in values; nil where all are, in their order
	seed   uint64          // of those that are drawn
}

// wholeTable returns a table of all rows of a matrix.
func wholeTable(values []float32, dim int) *table {
	return &table{dim: dim, rows: len(values) / dim, values: values}
}

// drawnTable returns a table of so many rows that keeps those that a word has as a part, which come from values, or are drawn where that is nil.
func drawnTable(rows, dim int, parts [][]int32, seed uint64, values []float32) *table {
	t := &table{dim: dim, rows: rows, values: values, place: map[int32]int32{}, seed: seed}
	kept := distinctRows(parts)
	for i, row := range kept {
		t.place[row] = int32(i)
	}
	if values == nil {
		t.values = make([]float32, len(kept)*dim)
		const atOnce = 1024 // rows
		parallel.Run((len(kept)+atOnce-1)/atOnce, func(_, part int) {
			for i := part * atOnce; i < min((part+1)*atOnce, len(kept)); i++ {
				t.draw(t.values[i*dim:][:dim], kept[i])
			}
		})
	}
	return t
}

// distinctRows returns the rows that words have as parts, in the order in which they come first.
func distinctRows(parts [][]int32) (rows []int32) {
	seen := map[int32]bool{}
	for _, some := range parts {
		for _, row := range some {
			if !seen[row] {
				seen[row] = true
				rows = append(rows, row)
			}
		}
	}
	return rows
}

// row returns a row [dim], in room [dim] where it isn't kept.
func (t *table) row(row int32, room []float32) []float32 {
	if t.place == nil {
		return t.values[int(row)*t.dim:][:t.dim]
	}
	if place, ok := t.place[row]; ok {
		return t.values[int(place)*t.dim:][:t.dim]
	}
	t.draw(room, row)
	return room
}

// draw sets dst to a row as it is before anything was learned about it.
func (t *table) draw(dst []float32, row int32) {
	drawFrom(dst, t.seed, uint64(row)*uint64(t.dim), partWidth(t.dim))
}

// compact returns a table that keeps only the rows that words have as parts: this one, where it is such.
func (t *table) compact(parts [][]int32) *table {
	if t.place != nil {
		return t
	}
	c := drawnTable(t.rows, t.dim, parts, 0, []float32{})
	c.values = make([]float32, len(c.place)*t.dim)
	for row, place := range c.place {
		copy(c.values[int(place)*t.dim:][:t.dim], t.values[int(row)*t.dim:])
	}
	return c
}

// take sets the rows that another table keeps, which compact made, to what they are there.
func (t *table) take(from *table) {
	if t == from {
		return
	}
	for row, place := range from.place {
		copy(t.values[int(row)*t.dim:][:t.dim], from.values[int(place)*t.dim:])
	}
}

// places returns parts of words as places in values.
func (t *table) places(parts [][]int32) [][]int32 {
	all := make([][]int32, len(parts))
	for word, rows := range parts {
		all[word] = make([]int32, len(rows))
		for i, row := range rows {
			all[word][i] = t.place[row]
		}
	}
	return all
}

// partWidth is how far vectors of words with parts are drawn from 0 at most, as fastText has it.
func partWidth(dim int) float64 { return 1 / float64(dim) }

// drawEvenly sets x to even numbers of ±width.
func drawEvenly(x []float32, seed uint64, width float64) {
	const atOnce = 1 << 16
	parallel.Run((len(x)+atOnce-1)/atOnce, func(_, part int) {
		begin := part * atOnce
		drawFrom(x[begin:min(begin+atOnce, len(x))], seed, uint64(begin), width)
	})
}

// drawFrom sets x to those of an endless row of even numbers of ±width that begin at first.
func drawFrom(x []float32, seed, first uint64, width float64) {
	const stream = 1
	for i := 0; i < len(x); {
		at := first + uint64(i)
		block := random.QuickBlock(seed, stream, at/4)
		for j := at % 4; j < 4 && i < len(x); j++ {
			x[i] = float32((float64(block[j])/(1<<31) - 1) * width)
			i++
		}
	}
}

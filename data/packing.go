package data

import (
	"fmt"
	"math/bits"
	"slices"
)

// Packed puts whole documents into rows of T, several to a row, each a segment of its own that attention need not leave.
//
// In a document every token but the first is the target of the one before it, if it is to be learned; nothing is learned across
// documents. A document of more than T+1 tokens is cut into pieces, so that each target is still there once; a
// piece without targets is left out. The rows are made once, by best fit over falling lengths: the longest piece first, each
// into the fullest row that has room. That fills rows to a few percent at most of padding on most data.
type Packed struct {
	tokens *Tokens
	length int
	pieces []piece // row by row
	rows   []int   // row i is pieces [rows[i], rows[i+1])
}

// piece is a stretch of a document: inputs [start, start+n) and the targets one further on.
type piece struct {
	start int
	n     int32
	row   int32
}

// NewPacked packs the documents of t into rows of length T. One token at least must be to learn.
func NewPacked(t *Tokens, length int) (*Packed, error) {
	pieces, err := cutPieces("packing", t, length)
	if err != nil {
		return nil, err
	}
	rows := pack(pieces, length)
	slices.SortStableFunc(pieces, func(a, b piece) int { return int(a.row) - int(b.row) })
	p := &Packed{tokens: t, length: length, pieces: pieces, rows: make([]int, rows+1)}
	for _, q := range pieces {
		p.rows[q.row+1]++
	}
	for i := range rows {
		p.rows[i+1] += p.rows[i]
	}
	return p, nil
}

// NewPadded gives each document of t, or piece of a long one, a row of its own in the order of the documents, filled up with padding.
func NewPadded(t *Tokens, length int) (*Packed, error) {
	pieces, err := cutPieces("padding", t, length)
	if err != nil {
		return nil, err
	}
	p := &Packed{tokens: t, length: length, pieces: pieces, rows: make([]int, len(pieces)+1)}
	for i := range pieces {
		p.rows[i+1] = i + 1
	}
	return p, nil
}

// Len returns the number of rows.
func (p *Packed) Len() int { return len(p.rows) - 1 }

// Layout returns rows of T tokens in segments.
func (p *Packed) Layout() Layout {
	return TokenLayout{Length: p.length, Segments: true, Weights: p.tokens.Weighted()}.Layout()
}

// Padding returns the share of all positions that is padding.
func (p *Packed) Padding() float64 {
	used := 0
	for _, q := range p.pieces {
		used += int(q.n)
	}
	return 1 - float64(used)/float64(p.Len()*p.length)
}

// Fill writes row i, whatever jitter is.
func (p *Packed) Fill(row Row, i int, _ uint64) {
	ids, targets, at := row.Ints(IDs), row.Ints(Targets), 0
	for s, q := range p.pieces[p.rows[i]:p.rows[i+1]] {
		end := at + int(q.n)
		p.tokens.copyIDs(ids[at:end], q.start)
		p.tokens.copyTargets(targets[at:end], q.start+1)
		row.weigh(p.tokens, at, end, q.start+1)
		row.segment(int32(s), at, end)
		at = end
	}
}

// cutPieces returns the pieces of all documents that have a target.
func cutPieces(what string, t *Tokens, length int) ([]piece, error) {
	if length < 1 {
		return nil, fmt.Errorf("data: %s: length %d, expected 1 or more", what, length)
	}
	var pieces []piece
	for d := range t.Documents() {
		lo, hi := t.Document(d)
		for ; lo < hi-1; lo += length {
			n := min(length, hi-1-lo)
			for i := range n {
				if t.Target(lo + 1 + i) {
					pieces = append(pieces, piece{start: lo, n: int32(n)})
					break
				}
			}
		}
	}
	if len(pieces) == 0 {
		return nil, fmt.Errorf("data: %s: no document has a token to learn behind its first (%d documents, %d tokens)", what, t.Documents(), t.Len())
	}
	return pieces, nil
}

// pack gives each piece a row of at most length tokens and returns the number of rows.
func pack(pieces []piece, length int) int {
	order := make([]int, len(pieces))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return int(pieces[b].n) - int(pieces[a].n) })
	open := make([][]int32, length+1)      // rows by the room they have
	some := make([]uint64, (length+64)/64) // bit r: some row has room r
	rows := 0
	for _, i := range order {
		n := int(pieces[i].n)
		room := next(some, n)
		if room < 0 {
			room = length
			open[room] = append(open[room], int32(rows))
			rows++
		}
		last := len(open[room]) - 1
		row := open[room][last]
		open[room] = open[room][:last]
		if last == 0 {
			some[room/64] &^= 1 << (room % 64)
		}
		pieces[i].row = row
		if left := room - n; left > 0 {
			open[left] = append(open[left], row)
			some[left/64] |= 1 << (left % 64)
		}
	}
	return rows
}

// next returns the smallest member of a bit set that is not below n, or -1.
func next(set []uint64, n int) int {
	for word := n / 64; word < len(set); word++ {
		b := set[word]
		if word == n/64 {
			b &= ^uint64(0) << (n % 64)
		}
		if b != 0 {
			return word*64 + bits.TrailingZeros64(b)
		}
	}
	return -1
}

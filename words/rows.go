package words

import (
	"github.com/seahorse-ml/seahorse/internal/kernels"
)

// rows are the rows of a matrix as one piece of work sees them: as they were when its round began, with its own changes. The matrix
// itself changes between rounds only.
type rows struct {
	matrix []float32 // [R, dim]
	dim    int
	place  []int32   // of a row in local, from 1 on; 0 where it wasn't asked for yet
	asked  []int32   // rows that were
	local  []float32 // [asked, dim]
	uses   []int32   // of each that was asked for
}

func newRows(matrix []float32, dim int) *rows {
	return &rows{matrix: matrix, dim: dim, place: make([]int32, len(matrix)/dim)}
}

// at returns the place of a row in local, and counts its use.
func (r *rows) at(row int32) int32 {
	place := r.place[row]
	if place == 0 {
		r.asked = append(r.asked, row)
		r.uses = append(r.uses, 0)
		r.local = append(r.local, r.matrix[int(row)*r.dim:][:r.dim]...)
		place = int32(len(r.asked))
		r.place[row] = place
	}
	r.uses[place-1]++
	return place - 1
}

// row returns a row by its place.
func (r *rows) row(place int32) []float32 { return r.local[int(place)*r.dim:][:r.dim] }

// changes turns the local rows into what was added to them.
func (r *rows) changes() {
	for i, row := range r.asked {
		kernels.AXPY(r.local[i*r.dim:][:r.dim], r.matrix[int(row)*r.dim:][:r.dim], -1)
	}
}

// forget makes the rows ready for the next piece.
func (r *rows) forget() {
	for _, row := range r.asked {
		r.place[row] = 0
	}
	r.asked, r.uses, r.local = r.asked[:0], r.uses[:0], r.local[:0]
}

// merge adds the changes of several pieces to those rows of the matrix that are part of parts, in the order of the pieces. Factors [R] is
// room for it.
//
// Each piece began where the round began, so a row that many of them changed would go too far by the sum of their changes. With n uses a
// row goes about the part n/(n+relax) of its way to where it is drawn; all uses together would have gone that part of their number. The sum is
// multiplied by the ratio of the two: 1 for a row that few use, and one over the number of pieces for a row that all of them use often.
func merge(pieces []*rows, factors []float32, part, parts int, relax float64) {
	matrix, dim := pieces[0].matrix, pieces[0].dim
	for p, piece := range pieces {
		for i, row := range piece.asked {
			if int(row)%parts != part {
				continue
			}
			if first(pieces, row) == p {
				factors[row] = factorOf(pieces[p:], row, relax)
			}
			kernels.AXPY(matrix[int(row)*dim:][:dim], piece.local[i*dim:][:dim], factors[row])
		}
	}
}

// first returns the first piece that used a row.
func first(pieces []*rows, row int32) int {
	for p, piece := range pieces {
		if piece.place[row] > 0 {
			return p
		}
	}
	return -1
}

func factorOf(pieces []*rows, row int32, relax float64) float32 {
	total, ways, shared := 0.0, 0.0, 0
	for _, piece := range pieces {
		if place := piece.place[row]; place > 0 {
			uses := float64(piece.uses[place-1])
			total += uses
			ways += uses / (uses + relax)
			shared++
		}
	}
	if shared == 1 {
		return 1
	}
	return float32(total / (total + relax) / ways)
}

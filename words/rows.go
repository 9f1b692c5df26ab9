package words

import "github.com/seahorse-ml/seahorse/internal/kernels"

// rows are the rows of a matrix as one piece of work sees them: as they were when its round began, with its own changes. The matrix
// itself changes between rounds only.
type rows struct {
	matrix []float32 // [R, dim]
	dim    int
	stride int       // dim, rounded up such that rows begin at cache lines
	place  []int32   // of a row in local, from 1 on; 0 where it wasn't asked for yet
	asked  []int32   // rows that were
	local  []float32 // [asked, stride], zeros behind dim
	uses   []int32   // of each that was asked for
}

func newRows(matrix []float32, dim int) *rows {
	return &rows{matrix: matrix, dim: dim, stride: strideOf(dim), place: make([]int32, len(matrix)/dim)}
}

// strideOf returns the elements from one local row to the next.
func strideOf(dim int) int {
	const line = 16 // elements
	return (dim + line - 1) / line * line
}

// at returns the place of a row in local, and counts its use.
func (r *rows) at(row int32) int32 {
	place := r.place[row]
	if place == 0 {
		r.asked = append(r.asked, row)
		r.uses = append(r.uses, 0)
		n := len(r.local)
		r.grow()
		copy(r.local[n:], r.of(row))
		place = int32(len(r.asked))
		r.place[row] = place
	}
	r.uses[place-1]++
	return place - 1
}

// grow makes room for one more row: twice as much as there is where there is none, since the rows that are given up add up to no more than what is left then.
func (r *rows) grow() {
	n := len(r.local)
	if n+r.stride > cap(r.local) {
		const least = 4096 // rows, about what a piece of a large vocabulary uses
		more := make([]float32, n, min(max(2*n, least*r.stride), len(r.place)*r.stride))
		copy(more, r.local)
		r.local = more
	}
	r.local = r.local[:n+r.stride]
}

// row returns a row by its place [stride].
func (r *rows) row(place int32) []float32 { return r.local[int(place)*r.stride:][:r.stride] }

// of returns a row of the matrix.
func (r *rows) of(row int32) []float32 { return r.matrix[int(row)*r.dim:][:r.dim] }

// forget makes the rows ready for the next piece.
func (r *rows) forget() {
	for _, row := range r.asked {
		r.place[row] = 0
	}
	r.asked, r.uses, r.local = r.asked[:0], r.uses[:0], r.local[:0]
}

// merge adds what several pieces changed to those rows of the matrix that are part of parts, in the order of the pieces.
//
// Each piece began where the round began, so a row that many of them changed would go too far by the sum of their changes. With n uses a
// row goes about the part n/(n+relax) of its way to where it is drawn; all uses together would have gone that part of their number. The sum is
// multiplied by the ratio of the two: 1 for a row that few use, and one over the number of pieces for a row that all of them use often.
func merge(pieces []*rows, part, parts int, relax float64) {
	dim := pieces[0].dim
	for p, piece := range pieces {
		for _, row := range piece.asked {
			if int(row)%parts != part || usedBefore(pieces[:p], row) {
				continue
			}
			target := piece.of(row)
			factor, shared := factorOf(pieces[p:], row, relax)
			if !shared {
				copy(target, piece.row(piece.place[row]-1))
				continue
			}
			for _, other := range pieces[p:] {
				if place := other.place[row]; place > 0 {
					kernels.AXPY(other.row(place - 1)[:dim], target, -1)
				}
			}
			for _, other := range pieces[p:] {
				if place := other.place[row]; place > 0 {
					kernels.AXPY(target, other.row(place - 1)[:dim], factor)
				}
			}
		}
	}
}

// usedBefore tells whether one of the pieces used a row.
func usedBefore(pieces []*rows, row int32) bool {
	for _, piece := range pieces {
		if piece.place[row] > 0 {
			return true
		}
	}
	return false
}

// factorOf returns what the changes of a row are multiplied by, and whether more than one piece used it.
func factorOf(pieces []*rows, row int32, relax float64) (factor float32, shared bool) {
	total, ways, users := 0.0, 0.0, 0
	for _, piece := range pieces {
		if place := piece.place[row]; place > 0 {
			uses := float64(piece.uses[place-1])
			total += uses
			ways += uses / (uses + relax)
			users++
		}
	}
	return float32(total / (total + relax) / ways), users > 1
}

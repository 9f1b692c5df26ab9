package words

// rows are the rows of a matrix as one piece of work sees them: as they were when its round began, with its own changes. The matrix
// itself changes between rounds only.
type rows struct {
	matrix []float32  // [R, dim]; nil where parts are there
	parts  *wordParts // whose words the rows are; nil where they are a matrix's
	dim    int
	stride int       // dim, rounded up such that rows begin at cache lines
	place  []int32   // of a row in local, from 1 on; 0 where it wasn't asked for yet
	asked  []int32   // rows that were
	local  []float32 // [asked, stride], zeros behind dim
	uses   []int32   // of each that was asked for
	begun  []float32 // [asked, stride]: as they were when they were asked for; only with parts
}

func newRows(matrix []float32, dim int) *rows {
	return &rows{matrix: matrix, dim: dim, stride: strideOf(dim), place: make([]int32, len(matrix)/dim)}
}

// newWordRows returns rows that are the vectors of words with parts.
func newWordRows(parts *wordParts) *rows {
	return &rows{parts: parts, dim: parts.dim, stride: strideOf(parts.dim), place: make([]int32, len(parts.parts))}
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
		if r.parts == nil {
			copy(r.local[n:], r.of(row))
		} else {
			r.parts.mean(r.local[n:][:r.dim], row)
			r.begun = append(r.begun, r.local[n:]...)
		}
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

// before returns a row by its place as it was when it was asked for [stride]; only with parts.
func (r *rows) before(place int32) []float32 { return r.begun[int(place)*r.stride:][:r.stride] }

// of returns a row of the matrix.
func (r *rows) of(row int32) []float32 { return r.matrix[int(row)*r.dim:][:r.dim] }

// forget makes the rows ready for the next piece.
func (r *rows) forget() {
	for _, row := range r.asked {
		r.place[row] = 0
	}
	r.asked, r.uses, r.local, r.begun = r.asked[:0], r.uses[:0], r.local[:0], r.begun[:0]
}

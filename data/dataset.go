package data

import "fmt"

// Dataset is a list of rows of T tokens, each with its T targets. It has no state, and any row is there in constant time.
type Dataset interface {
	// Len returns the number of rows, at least one.
	Len() int
	// Length returns T.
	Length() int
	// Fill writes row i in [0, Len()) and returns how many of its targets are not Ignored. Jitter is a random number that
	// stays the same for an epoch: a dataset that cuts a stream takes from it where the cuts fall. Zero is the plain cut.
	Fill(row Row, i int, jitter uint64) int
}

// Row is where a dataset writes one row, T elements each. Segments and Positions may be nil where nobody wants them.
type Row struct {
	// IDs are the tokens that go in; padding has 0.
	IDs []int32
	// Targets are the tokens that are to come out: at each position the one that follows it, or Ignored.
	Targets []int32
	// Segments number the documents of a row from 0, so that attention can keep to them; padding has -1.
	Segments []int32
	// Positions count from 0 at the start of each segment; padding has 0.
	Positions []int32
}

// pad makes all from position at on padding.
func (r Row) pad(at int) {
	clear(r.IDs[at:])
	for i := at; i < len(r.Targets); i++ {
		r.Targets[i] = Ignored
	}
	if r.Segments != nil {
		for i := at; i < len(r.Segments); i++ {
			r.Segments[i] = -1
		}
	}
	if r.Positions != nil {
		clear(r.Positions[at:])
	}
}

// segment marks positions [lo, hi) as one segment.
func (r Row) segment(number int32, lo, hi int) {
	if r.Segments != nil {
		for i := lo; i < hi; i++ {
			r.Segments[i] = number
		}
	}
	if r.Positions != nil {
		for i := lo; i < hi; i++ {
			r.Positions[i] = int32(i - lo)
		}
	}
}

// Batch holds B rows of T tokens in one piece. Its slices belong to the caller, who may point them at buffers of their own.
type Batch struct {
	Rows   int // B
	Length int // T
	// IDs, Targets, Segments and Positions are [B, T], as in Row; Segments and Positions may be nil.
	IDs, Targets, Segments, Positions []int32
	// Count is how many targets are not Ignored. It can be 0 where prompts are longer than a row of a stream.
	Count int
}

// NewBatch allocates the ids and targets of a batch, and with segments its segments and positions too.
func NewBatch(rows, length int, segments bool) *Batch {
	n := rows * length
	b := &Batch{Rows: rows, Length: length, IDs: make([]int32, n), Targets: make([]int32, n)}
	if segments {
		b.Segments, b.Positions = make([]int32, n), make([]int32, n)
	}
	return b
}

// Validate returns an error if the slices don't have the shape that Rows and Length state.
func (b *Batch) Validate() error {
	n := b.Rows * b.Length
	if b.Rows < 1 || b.Length < 1 || len(b.IDs) != n || len(b.Targets) != n ||
		b.Segments != nil && len(b.Segments) != n || b.Positions != nil && len(b.Positions) != n {
		return fmt.Errorf("data: batch: %d ids, %d targets, %d segments, %d positions, expected %d rows of %d",
			len(b.IDs), len(b.Targets), len(b.Segments), len(b.Positions), b.Rows, b.Length)
	}
	return nil
}

// row returns row i of the batch.
func (b *Batch) row(i int) Row {
	lo, hi := i*b.Length, (i+1)*b.Length
	r := Row{IDs: b.IDs[lo:hi], Targets: b.Targets[lo:hi]}
	if b.Segments != nil {
		r.Segments = b.Segments[lo:hi]
	}
	if b.Positions != nil {
		r.Positions = b.Positions[lo:hi]
	}
	return r
}

// FillSequential fills the batch with rows first, first+1, … of d in their plain order, as evaluation goes through them, and
// with padding beyond the last.
func FillSequential(b *Batch, d Dataset, first int) error {
	if err := fits(b, d); err != nil {
		return err
	}
	b.Count = 0
	for i := range b.Rows {
		if row := b.row(i); first+i < d.Len() {
			b.Count += d.Fill(row, first+i, 0)
		} else {
			row.pad(0)
		}
	}
	return nil
}

// fits returns an error if the batch is no place for rows of d.
func fits(b *Batch, d Dataset) error {
	if err := b.Validate(); err != nil {
		return err
	}
	if b.Length != d.Length() {
		return fmt.Errorf("data: batch: rows of %d, expected %d as the dataset has them", b.Length, d.Length())
	}
	return nil
}

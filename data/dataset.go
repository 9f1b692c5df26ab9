package data

// Dataset is a list of rows of one layout. It has no state, and any row is there in constant time.
type Dataset interface {
	// Len returns the number of rows, at least one.
	Len() int
	// Layout returns what each row has.
	Layout() Layout
	// Fill writes row i in [0, Len()) into a row of padding. Jitter is a random number that
	// stays the same for an epoch: a dataset that cuts a stream takes from it where the cuts fall. Zero is the plain cut.
	Fill(row Row, i int, jitter uint64)
}

// Row is where a dataset writes one row, by the names of its layout's inputs.
type Row struct {
	batch *Batch
	index int
}

// Ints returns where the elements of an Int32 input go; nil where the layout has none of that name.
func (r Row) Ints(name string) []int32 {
	if i := r.batch.Layout.Index(name); i >= 0 {
		return part(r.batch.Columns[i].Ints, r.index, r.batch.Rows)
	}
	return nil
}

// Floats returns where the elements of a Float input go; nil where the layout has none of that name.
func (r Row) Floats(name string) []float32 {
	if i := r.batch.Layout.Index(name); i >= 0 {
		return part(r.batch.Columns[i].Floats, r.index, r.batch.Rows)
	}
	return nil
}

// pad fills the row with padding.
func (r Row) pad() {
	for i, in := range r.batch.Layout.Inputs {
		c := r.batch.Columns[i]
		fill(part(c.Ints, r.index, r.batch.Rows), int32(in.Padding))
		fill(part(c.Floats, r.index, r.batch.Rows), float32(in.Padding))
	}
}

// segment marks positions [lo, hi) as one segment.
func (r Row) segment(number int32, lo, hi int) { fill(r.Ints(Segments)[lo:hi], number) }

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}

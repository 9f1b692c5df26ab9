package data

import "fmt"

// Batch holds B rows of one layout, each kind of content in one piece; see Row. Its slices belong to the caller, who may point them at
// buffers of their own. What the layout doesn't have is nil.
type Batch struct {
	Rows   int // B
	Layout Layout
	// IDs, Targets, Segments and Types are [B, T].
	IDs, Targets, Segments, Types []int32
	// Source and SourceSegments are [B, S].
	Source, SourceSegments []int32
	// Values is [B, T, C].
	Values []float32
	// Count is how many targets are not Ignored. It can be 0 where prompts are longer than a row of a stream.
	Count int
	// Used and UsedSource are how many tokens, and of sources, the longest row has before all that is padding, as far as the dataset
	// knows; else T and S.
	Used, UsedSource int
}

// NewBatch allocates a batch of so many rows.
func NewBatch(rows int, l Layout) *Batch {
	n := rows * l.Length
	b := &Batch{Rows: rows, Layout: l, IDs: make([]int32, n), Targets: make([]int32, n)}
	if l.Segments {
		b.Segments = make([]int32, n)
	}
	if l.Types {
		b.Types = make([]int32, n)
	}
	if l.SourceLength > 0 {
		b.Source, b.SourceSegments = make([]int32, rows*l.SourceLength), make([]int32, rows*l.SourceLength)
	}
	if l.Values > 0 {
		b.Values = make([]float32, n*l.Values)
	}
	return b
}

// Validate returns an error if the slices don't have the shape that Rows and Layout state.
func (b *Batch) Validate() error {
	if err := b.Layout.Validate(); err != nil {
		return err
	}
	if b.Rows < 1 {
		return fmt.Errorf("data: batch: %d rows, expected at least one", b.Rows)
	}
	l := b.Layout
	tokens, source := b.Rows*l.Length, b.Rows*l.SourceLength
	for _, s := range []struct {
		name      string
		got, want int
	}{
		{"ids", len(b.IDs), tokens},
		{"targets", len(b.Targets), tokens},
		{"segments", len(b.Segments), tokens * bit(l.Segments)},
		{"types", len(b.Types), tokens * bit(l.Types)},
		{"tokens of sources", len(b.Source), source},
		{"segments of sources", len(b.SourceSegments), source},
		{"values", len(b.Values), tokens * l.Values},
	} {
		if s.got != s.want {
			return fmt.Errorf("data: batch: %d %s, expected %d for %d rows of the layout %+v", s.got, s.name, s.want, b.Rows, l)
		}
	}
	return nil
}

// Copy fills the batch with the content of another of as many rows and the same kinds. Where its own rows are shorter, they get the
// beginnings.
func (b *Batch) Copy(from *Batch) {
	for _, s := range [][2][]int32{
		{b.IDs, from.IDs}, {b.Targets, from.Targets}, {b.Segments, from.Segments}, {b.Types, from.Types}, {b.Source, from.Source}, {b.SourceSegments, from.SourceSegments},
	} {
		copyRows(s[0], s[1], b.Rows)
	}
	copyRows(b.Values, from.Values, b.Rows)
	b.Count, b.Used, b.UsedSource = from.Count, from.Used, from.UsedSource
}

// copyRows copies the beginnings of rows.
func copyRows[T any](dst, src []T, rows int) {
	if len(dst) == len(src) {
		copy(dst, src)
		return
	}
	for i := range rows {
		copy(part(dst, i, rows), part(src, i, rows))
	}
}

// clear makes the batch one of no rows yet.
func (b *Batch) clear() { b.Count, b.Used, b.UsedSource = 0, 0, 0 }

// add fills row i of the batch with a row of d.
func (b *Batch) add(d Dataset, i, row int, jitter uint64) {
	b.Count += d.Fill(b.row(i), row, jitter)
	length, source := b.Layout.Length, b.Layout.SourceLength
	if s, ok := d.(Sized); ok {
		length, source = s.Size(row)
	}
	b.Used, b.UsedSource = max(b.Used, length), max(b.UsedSource, source)
}

// row returns row i of the batch.
func (b *Batch) row(i int) Row {
	return Row{
		IDs: part(b.IDs, i, b.Rows), Targets: part(b.Targets, i, b.Rows), Segments: part(b.Segments, i, b.Rows), Types: part(b.Types, i, b.Rows),
		Source: part(b.Source, i, b.Rows), SourceSegments: part(b.SourceSegments, i, b.Rows), Values: part(b.Values, i, b.Rows),
	}
}

// part returns part i of n equal ones; nil has no parts.
func part[T any](all []T, i, n int) []T {
	if all == nil {
		return nil
	}
	size := len(all) / n
	return all[i*size : (i+1)*size]
}

// FillSequential fills the batch with rows first, first+1, … of d in their plain order, as evaluation goes through them, and
// with padding beyond the last.
func FillSequential(b *Batch, d Dataset, first int) error {
	if err := fits(b, d); err != nil {
		return err
	}
	b.clear()
	for i := range b.Rows {
		if first+i < d.Len() {
			b.add(d, i, first+i, 0)
		} else {
			row := b.row(i)
			row.pad(0)
			row.padSource(0)
		}
	}
	return nil
}

// fits returns an error if the batch is no place for rows of d.
func fits(b *Batch, d Dataset) error {
	if err := b.Validate(); err != nil {
		return err
	}
	if b.Layout != d.Layout() {
		return fmt.Errorf("data: batch: rows of the layout %+v, expected %+v as the dataset has them", b.Layout, d.Layout())
	}
	return nil
}

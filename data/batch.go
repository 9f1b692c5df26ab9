package data

import "fmt"

// Batch holds B rows of one layout, each input in one piece.
type Batch struct {
	Rows   int // B
	Layout Layout
	// Columns are the contents of the layout's inputs, in their order. Their slices belong to the caller, who may point them
	// at buffers of their own.
	Columns []Column
	// Filled is how many rows there are before those of padding that an evaluation ends with.
	Filled int
	// Count is how many elements of the layout's Targets are not negative. It can be 0 where prompts are longer than a row of a
	// stream.
	Count int
	// Indices are the rows of the dataset that the batch's rows are, [B]; of those of padding 0.
	Indices []int
	// Jitters are what Dataset.Fill has filled them by, [B].
	Jitters []uint64
	// Used is how much the longest row has of each of the layout's Lengths before all that is padding, as far as the dataset knows.
	Used []int

	lengths []string // of the layout
}

// Column is the content of an input, [B, Shape...]; one of the two is set.
type Column struct {
	Ints   []int32
	Floats []float32
}

// NewBatch allocates a batch of so many rows.
func NewBatch(rows int, l Layout) *Batch {
	b := &Batch{Rows: rows, Layout: l, Columns: make([]Column, len(l.Inputs))}
	for i, in := range l.Inputs {
		if in.Type == Float {
			b.Columns[i].Floats = make([]float32, rows*in.size())
		} else {
			b.Columns[i].Ints = make([]int32, rows*in.size())
		}
	}
	b.clear()
	return b
}

// Ints returns the elements of an Int32 input, [B, Shape...]; nil where the layout has none of that name.
func (b *Batch) Ints(name string) []int32 {
	if i := b.Layout.Index(name); i >= 0 {
		return b.Columns[i].Ints
	}
	return nil
}

// Floats returns the elements of a Float input, [B, Shape...]; nil where the layout has none of that name.
func (b *Batch) Floats(name string) []float32 {
	if i := b.Layout.Index(name); i >= 0 {
		return b.Columns[i].Floats
	}
	return nil
}

// Validate returns an error if the columns don't have the shape that Rows and Layout state.
func (b *Batch) Validate() error {
	if err := b.Layout.Validate(); err != nil {
		return err
	}
	return b.check()
}

// check is Validate for a layout that is valid.
func (b *Batch) check() error {
	if b.Rows < 1 {
		return fmt.Errorf("data: batch: %d rows, expected at least one", b.Rows)
	}
	if len(b.Columns) != len(b.Layout.Inputs) {
		return fmt.Errorf("data: batch: %d columns, expected %d: %v", len(b.Columns), len(b.Layout.Inputs), b.Layout)
	}
	for i, in := range b.Layout.Inputs {
		ints, floats := b.Rows*in.size(), 0
		if in.Type == Float {
			ints, floats = 0, ints
		}
		if c := b.Columns[i]; len(c.Ints) != ints || len(c.Floats) != floats {
			return fmt.Errorf("data: batch: %d int32 and %d floats of %s, expected %d and %d for %d rows of %v",
				len(c.Ints), len(c.Floats), in.Name, ints, floats, b.Rows, b.Layout)
		}
	}
	return nil
}

// Copy fills the batch with the content of another of as many rows, whose layout is its own or one that its own is narrower than: then
// it gets the beginnings.
func (b *Batch) Copy(from *Batch) {
	for i, in := range b.Layout.Inputs {
		dst, src := b.Columns[i], from.Columns[i]
		outer, to, all := b.Rows, in.size(), from.Layout.Inputs[i].size()
		for _, d := range in.Shape[:min(in.Axis, len(in.Shape))] {
			outer, to, all = outer*d, to/d, all/d
		}
		copyBeginnings(dst.Ints, src.Ints, outer, to, all)
		copyBeginnings(dst.Floats, src.Floats, outer, to, all)
	}
	b.Filled, b.Count = from.Filled, from.Count
	copy(b.Indices, from.Indices)
	copy(b.Jitters, from.Jitters)
	copy(b.Used, from.Used)
}

// copyBeginnings copies the first elements of each of n pieces.
func copyBeginnings[T any](dst, src []T, n, to, all int) {
	if to == all || len(src) == 0 {
		copy(dst, src)
		return
	}
	for i := range n {
		copy(dst[i*to:(i+1)*to], src[i*all:])
	}
}

// clear makes the batch one of no rows yet.
func (b *Batch) clear() {
	if b.Used == nil {
		b.lengths = b.Layout.Lengths()
		b.Used = make([]int, len(b.lengths))
	}
	if b.Indices == nil {
		b.Indices, b.Jitters = make([]int, b.Rows), make([]uint64, b.Rows)
	}
	b.Filled, b.Count = 0, 0
	clear(b.Indices)
	clear(b.Jitters)
	clear(b.Used)
}

// add fills row i of the batch with a row of d.
func (b *Batch) add(d Dataset, i, row int, jitter uint64) {
	r := b.row(i)
	r.pad()
	d.Fill(r, row, jitter)
	b.Filled, b.Indices[i], b.Jitters[i] = i+1, row, jitter
	b.Count += b.CountOf(b.Layout.targets(), i)
	sized, _ := d.(Sized)
	for k, name := range b.lengths {
		n := b.Layout.Length(name)
		if sized != nil {
			n = sized.Size(row, name)
		}
		b.Used[k] = max(b.Used[k], n)
	}
}

// CountOf returns how many elements of an Int32 input are not negative in row i.
func (b *Batch) CountOf(name string, i int) int {
	if name == Rows {
		return bit(i < b.Filled)
	}
	n := 0
	for _, v := range b.row(i).Ints(name) {
		n += bit(v >= 0)
	}
	return n
}

// Total returns how many elements of an Int32 input are not negative in all rows, or the sum of those of a Float input.
func (b *Batch) Total(name string) float64 {
	sum := 0.0
	if i := b.Layout.Index(name); i >= 0 && b.Layout.Inputs[i].Type == Float {
		for _, v := range b.Columns[i].Floats {
			sum += float64(v)
		}
		return sum
	}
	for i := range b.Rows {
		sum += float64(b.CountOf(name, i))
	}
	return sum
}

// row returns row i of the batch.
func (b *Batch) row(i int) Row { return Row{b, i} }

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
	if err := fits(b, d.Layout()); err != nil {
		return err
	}
	b.clear()
	for i := range b.Rows {
		if first+i < d.Len() {
			b.add(d, i, first+i, 0)
		} else {
			b.row(i).pad()
		}
	}
	return nil
}

// fits returns an error if the batch is no place for rows of a layout.
func fits(b *Batch, l Layout) error {
	if !b.Layout.Equal(l) {
		return fmt.Errorf("data: batch: rows of the layout %v, expected %v as the dataset has them", b.Layout, l)
	}
	return b.check()
}

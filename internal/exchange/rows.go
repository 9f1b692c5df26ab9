package exchange

import "math/bits"

// Rows are a set of a table's rows, a bit for each.
type Rows []byte

// NewRows makes an empty set of rows of a table of n.
func NewRows(n int) Rows { return make(Rows, (n+7)/8) }

// Add adds a row.
func (s Rows) Add(i int) { s[i/8] |= 1 << (i % 8) }

// Has tells whether a row is in the set.
func (s Rows) Has(i int) bool { return s[i/8]&(1<<(i%8)) != 0 }

// AddAll adds the rows of another set of the same table.
func (s Rows) AddAll(other Rows) {
	for i, b := range other {
		s[i] |= b
	}
}

// Count returns how many rows there are.
func (s Rows) Count() (n int) {
	for _, b := range s {
		n += bits.OnesCount8(b)
	}
	return n
}

// mostLate is the largest share of a table's rows that are waited for while the others are exchanged: with more, exchanging in two parts costs more
// than it hides.
const mostLate = 0.25

// Worthwhile tells whether a table of n rows is to be exchanged in two parts, of which the second has these rows.
func (s Rows) Worthwhile(n int) bool { return float64(s.Count()) <= mostLate*float64(n) }

// rowParts cuts the part of a lookup's parameter between two elements into stretches of rows that are in a set, or that aren't, and appends them.
func (r *reducer[T]) rowParts(all []stretch, param int, rows Rows, lo, hi int, within bool) []stretch {
	width := r.Params[param].Shape[1]
	for lo < hi {
		for lo < hi && rows.Has(lo/width) != within {
			lo = min(hi, (lo/width+1)*width)
		}
		begin := lo
		for lo < hi && rows.Has(lo/width) == within {
			lo = min(hi, (lo/width+1)*width)
		}
		if begin < lo {
			all = append(all, stretch{param, begin, lo, r.begins[param] + begin})
		}
	}
	return all
}

// chooseOthers puts into r.chunk what a bucket of a lookup has outside of some rows.
func (r *reducer[T]) chooseOthers(b *bucket, rows Rows) {
	for q := range b.shards {
		r.chunk[q] = r.chunk[q][:0]
		if s := &b.shards[q]; s.lo < s.hi {
			r.chunk[q] = r.rowParts(r.chunk[q], r.sums.pieces[s.lo].param, rows, r.sums.pieces[s.lo].lo, r.sums.pieces[s.hi-1].hi, false)
		}
	}
}

// chooseRows puts these rows of a lookup into r.chunk, as many at a time as there is room for, and calls begin each time.
func (r *reducer[T]) chooseRows(lookup int, rows Rows, begin func() error) error {
	param := r.lookups[lookup]
	sizes := make([]int, len(r.chunk)) // by rank, of what is collected
	reset := func() {
		clear(sizes)
		for q := range r.chunk {
			r.chunk[q] = r.chunk[q][:0]
		}
	}
	reset()
	for i := range r.buckets {
		b := &r.buckets[i]
		if r.sums.pieces[b.lo].param != param {
			continue
		}
		for q, s := range b.shards {
			if s.lo == s.hi {
				continue
			}
			r.parts = r.rowParts(r.parts[:0], param, rows, r.sums.pieces[s.lo].lo, r.sums.pieces[s.hi-1].hi, true)
			n := length(r.parts)
			if sizes[q]+n > r.room[q] {
				if err := begin(); err != nil {
					return err
				}
				reset()
			}
			sizes[q] += n
			r.chunk[q] = append(r.chunk[q], r.parts...)
		}
	}
	return begin()
}

package data

import (
	"fmt"
	"slices"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// splitStream is the stream of random numbers that decides which rows are kept apart.
const splitStream = 0xda7a_0006 << 32

// Subset is some of the rows of a dataset.
type Subset struct {
	dataset Dataset
	rows    []int
}

// NewSubset returns the given rows of d, in the given order.
func NewSubset(d Dataset, rows []int) (*Subset, error) {
	if len(rows) == 0 {
		return nil, fmt.Errorf("data: subset: no rows, expected at least one")
	}
	for _, r := range rows {
		if r < 0 || r >= d.Len() {
			return nil, fmt.Errorf("data: subset: row %d of %d", r, d.Len())
		}
	}
	return &Subset{d, rows}, nil
}

// Len returns the number of rows.
func (s *Subset) Len() int { return len(s.rows) }

// Layout returns what the rows of the whole have.
func (s *Subset) Layout() Layout { return s.dataset.Layout() }

// Fill writes row i of the subset.
func (s *Subset) Fill(row Row, i int, jitter uint64) {
	s.dataset.Fill(row, s.rows[i], jitter)
}

// Of returns the dataset that the subset is of, and its row that row i of the subset is.
func (s *Subset) Of(i int) (Dataset, int) { return s.dataset, s.rows[i] }

// Size returns how much row i of the subset has of a length, that of the layout where the whole doesn't know.
func (s *Subset) Size(i int, length string) int {
	if d, ok := s.dataset.(Sized); ok {
		return d.Size(s.rows[i], length)
	}
	return s.Layout().Length(length)
}

// SplitRows keeps a fraction in (0, 1) of the rows of d apart for validation, which the seed draws at random: examples often
// stand sorted by what is to be learned of them. Both parts keep the order of the rows and have at least one.
func SplitRows(d Dataset, fraction float64, seed uint64) (train, validation *Subset, err error) {
	n := d.Len()
	if !(fraction > 0 && fraction < 1) {
		return nil, nil, fmt.Errorf("data: validation part is %v, expected a fraction between 0 and 1", fraction)
	}
	if n < 2 {
		return nil, nil, fmt.Errorf("data: cannot keep a validation part of %v apart from training: there is 1 row", fraction)
	}
	order := random.NewPermutation(uint64(n), seed, splitStream)
	rows := make([]int, n)
	for i := range rows {
		rows[i] = int(order.At(uint64(i)))
	}
	cut := n - min(max(1, int(float64(n)*fraction)), n-1)
	slices.Sort(rows[:cut])
	slices.Sort(rows[cut:])
	return &Subset{d, rows[:cut]}, &Subset{d, rows[cut:]}, nil
}

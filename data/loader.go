package data

import (
	"fmt"

	"github.com/seahorse-ml/seahorse/internal/random"
)

// Streams of random numbers under a loader's seed: the epoch is added. They keep clear of those that other packages use.
const (
	orderStream  = 0xda7a_0001 << 32
	jitterStream = 0xda7a_0002 << 32
)

// LoaderConfig configures NewLoader.
type LoaderConfig struct {
	// Seed decides the order of the rows.
	Seed uint64
	// Sequential keeps the plain order of the rows, and the plain cut of a stream, in each epoch. Default: a random
	// order, another in each epoch.
	Sequential bool
}

// State is where a Loader stands: all that it takes to go on with exactly the same batches.
type State struct {
	Seed     uint64 `json:"seed"`
	Epoch    uint64 `json:"epoch"`
	Position uint64 `json:"position"` // rows of the epoch that were given out
	Rows     uint64 `json:"rows"`     // rows in an epoch, to tell other data from the same
}

// Loader gives out the rows of a dataset batch by batch, epoch after epoch without end; a batch may hold the last
// rows of one epoch and the first of the next. The row at (seed, epoch, position) is known in constant time, so going on
// from a State costs nothing. A Loader is for one goroutine.
type Loader struct {
	dataset    Dataset
	sequential bool
	state      State
	order      random.Permutation // of the epoch
	jitter     uint64             // of the epoch
}

// NewLoader returns a loader at the start of epoch 0.
func NewLoader(d Dataset, c LoaderConfig) (*Loader, error) {
	if d.Len() < 1 {
		return nil, fmt.Errorf("data: loader: the dataset has %d rows, expected at least one", d.Len())
	}
	l := &Loader{dataset: d, sequential: c.Sequential, state: State{Seed: c.Seed, Rows: uint64(d.Len())}}
	l.begin()
	return l, nil
}

// begin makes the order of the epoch in l.state.
func (l *Loader) begin() {
	if l.sequential {
		return
	}
	l.order = random.NewPermutation(l.state.Rows, l.state.Seed, orderStream+l.state.Epoch)
	l.jitter = random.Uint64(l.state.Seed, jitterStream, l.state.Epoch)
}

// Next fills b with the next rows. It allocates nothing.
func (l *Loader) Next(b *Batch) error {
	if err := fits(b, l.dataset); err != nil {
		return err
	}
	b.Count = 0
	for i := range b.Rows {
		if l.state.Position == l.state.Rows {
			l.state.Epoch++
			l.state.Position = 0
			l.begin()
		}
		row := l.state.Position
		if !l.sequential {
			row = l.order.At(row)
		}
		b.Count += l.dataset.Fill(b.row(i), int(row), l.jitter)
		l.state.Position++
	}
	return nil
}

// State returns where the loader stands: behind the last batch that Next filled.
func (l *Loader) State() State { return l.state }

// Restore makes the loader go on from s, which another loader over the same data returned. A state that cannot be of this data is
// an error.
func (l *Loader) Restore(s State) error {
	if s.Rows != l.state.Rows {
		return fmt.Errorf("data: loader: the saved position is in data of %d rows, this data has %d; it, the sequence length or the validation part has changed",
			s.Rows, l.state.Rows)
	}
	if s.Position > s.Rows {
		return fmt.Errorf("data: loader: the saved position is row %d of %d", s.Position, s.Rows)
	}
	l.state = s
	l.begin()
	return nil
}

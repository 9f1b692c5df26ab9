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
	// Group brings rows of like size together, where it is more than 1, for batches of so many rows: the dataset must be Sized. The
	// order stays random beyond pieces of 50 groups, and gives each row once an epoch. Batches of another number of rows are
	// refused. Default: 0.
	Group int
	// Share divides the batches among several loaders, such as those of the ranks of a run. Default: none, which gives all.
	Share Share
}

// Share says which batches of an order a loader gives out, where several loaders divide it: of each Of × Batches batches, those from
// Index × Batches on, Batches in a row. All of them together then stand where one stands that gives out all. The zero Share is all batches.
type Share struct {
	Index, Of int // which of how many, from 0
	Batches   int // in a row, > 0
}

// Validate tells what is wrong with the share.
func (s Share) Validate() error {
	if s != (Share{}) && (s.Of < 1 || s.Index < 0 || s.Index >= s.Of || s.Batches < 1) {
		return fmt.Errorf("data: share %d of %d, %d batches in a row; expected one below the number of shares, and at least one batch", s.Index, s.Of, s.Batches)
	}
	return nil
}

// State is where a Loader stands: all that it takes to go on with exactly the same batches.
type State struct {
	Seed     uint64 `json:"seed"`
	Epoch    uint64 `json:"epoch"`
	Position uint64 `json:"position"`        // rows of the epoch that were given out
	Rows     uint64 `json:"rows"`            // rows in an epoch, to tell other data from the same
	Group    uint64 `json:"group,omitempty"` // of rows of like size, 0 for none
}

// Loader gives out the rows of a dataset batch by batch, epoch after epoch without end; a batch may hold the last
// rows of one epoch and the first of the next. The row at (seed, epoch, position) is known in constant time, so going on
// from a State costs nothing. A Loader is for one goroutine.
type Loader struct {
	dataset    Dataset
	layout     Layout
	sequential bool
	state      State
	order      random.Permutation // of the epoch
	jitter     uint64             // of the epoch
	grouping   *grouping          // nil without
	share      Share
	given      int // batches of the share in this round
}

// NewLoader returns a loader at the start of epoch 0.
func NewLoader(d Dataset, c LoaderConfig) (*Loader, error) {
	if d.Len() < 1 {
		return nil, fmt.Errorf("data: loader: the dataset has %d rows, expected at least one", d.Len())
	}
	layout := d.Layout()
	if err := layout.Validate(); err != nil {
		return nil, fmt.Errorf("data: loader: %w", err)
	}
	if err := c.Share.Validate(); err != nil {
		return nil, err
	}
	l := &Loader{dataset: d, layout: layout, sequential: c.Sequential, state: State{Seed: c.Seed, Rows: uint64(d.Len())}, share: c.Share}
	if c.Group > 1 {
		sized, ok := d.(Sized)
		if !ok || c.Sequential {
			return nil, fmt.Errorf("data: loader: groups of rows of like size need a dataset that knows its rows' sizes, in random order; a %T doesn't", d)
		}
		l.state.Group = uint64(c.Group)
		l.grouping = &grouping{dataset: sized, lengths: l.layout.Lengths(), group: l.state.Group, seed: c.Seed, rows: l.state.Rows}
	}
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
	if l.grouping != nil {
		l.grouping.start(l.state.Epoch, l.order)
	}
}

// row returns the row at the loader's position.
func (l *Loader) row() int {
	switch {
	case l.sequential:
		return int(l.state.Position)
	case l.grouping != nil:
		return l.grouping.at(l.state.Position)
	}
	return int(l.order.At(l.state.Position))
}

// Next fills b with the next rows. It allocates nothing.
func (l *Loader) Next(b *Batch) error {
	if err := fits(b, l.layout); err != nil {
		return err
	}
	if l.grouping != nil && b.Rows != int(l.state.Group) {
		return fmt.Errorf("data: loader: a batch of %d rows, expected %d, which come in groups of like size", b.Rows, l.state.Group)
	}
	round := uint64(l.share.Batches * b.Rows)
	if l.given == 0 {
		l.skip(uint64(l.share.Index) * round)
	}
	b.clear()
	for i := range b.Rows {
		l.turn()
		b.add(l.dataset, i, l.row(), l.jitter)
		l.state.Position++
	}
	if l.given++; l.given >= l.share.Batches {
		l.skip(uint64(max(0, l.share.Of-1-l.share.Index)) * round)
		l.given = 0
	}
	return nil
}

// turn begins the next epoch if this one is at its end.
func (l *Loader) turn() {
	if l.state.Position == l.state.Rows {
		l.state.Epoch++
		l.state.Position = 0
		l.begin()
	}
}

// skip passes over rows that others give out.
func (l *Loader) skip(rows uint64) {
	for rows > 0 {
		l.turn()
		n := min(rows, l.state.Rows-l.state.Position)
		l.state.Position += n
		rows -= n
	}
}

// State returns where the loader stands: behind the last batch that Next filled, and where it has a Share, behind those of the other
// loaders once its own batches of a round are given out.
func (l *Loader) State() State { return l.state }

// Restore makes the loader go on from s, which another loader over the same data returned. A state that cannot be of this data is
// an error.
func (l *Loader) Restore(s State) error {
	if s.Rows != l.state.Rows {
		return fmt.Errorf("data: loader: the saved position is in data of %d rows, this data has %d; it, the sequence length or the validation part has changed",
			s.Rows, l.state.Rows)
	}
	if s.Group != l.state.Group {
		return fmt.Errorf("data: loader: the saved position is in an order of groups of %d rows of like size, expected %d; 0 is none", s.Group, l.state.Group)
	}
	if s.Position > s.Rows {
		return fmt.Errorf("data: loader: the saved position is row %d of %d", s.Position, s.Rows)
	}
	l.state, l.given = s, 0
	l.begin()
	return nil
}

package data

import (
	"context"
	"fmt"
	"sync"
)

// Prefetcher fills the batches of a Loader ahead of time in a goroutine of its own, so that none is waited for when a step
// ends. Its batches and states are those of the loader.
type Prefetcher struct {
	rows        int
	layout      Layout
	ready, free chan *ahead
	stop        context.CancelFunc
	stopped     sync.WaitGroup
	state       State
}

// ahead is a batch filled ahead of time.
type ahead struct {
	batch *Batch
	state State // of the loader behind this batch
}

// NewPrefetcher takes over the loader and fills depth batches of so many rows ahead; two are enough where steps take about the
// same time.
func NewPrefetcher(l *Loader, rows, depth int) (*Prefetcher, error) {
	if rows < 1 || depth < 1 {
		return nil, fmt.Errorf("data: prefetcher: %d rows and depth %d, expected 1 or more", rows, depth)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Prefetcher{
		rows: rows, layout: l.layout, ready: make(chan *ahead, depth), free: make(chan *ahead, depth), stop: cancel, state: l.State(),
	}
	for range depth {
		p.free <- &ahead{batch: NewBatch(rows, p.layout)}
	}
	p.stopped.Go(func() { p.fill(ctx, l) })
	return p, nil
}

// fill fills batches until Close. The loader cannot fail, since the shape of the batches was checked.
func (p *Prefetcher) fill(ctx context.Context, l *Loader) {
	for {
		select {
		case a := <-p.free:
			if err := l.Next(a.batch); err != nil {
				panic(err)
			}
			a.state = l.State()
			p.ready <- a
		case <-ctx.Done():
			return
		}
	}
}

// Next copies the next batch into b, which has the rows that were given to NewPrefetcher. It allocates nothing. It must not be
// called after Close.
func (p *Prefetcher) Next(b *Batch) error {
	if err := fits(b, p.layout); err != nil {
		return err
	}
	if b.Rows != p.rows {
		return fmt.Errorf("data: prefetcher: a batch of %d rows, expected %d", b.Rows, p.rows)
	}
	a := <-p.ready
	b.Copy(a.batch)
	p.state = a.state
	p.free <- a
	return nil
}

// State returns where the loader stood behind the last batch that Next gave out, whatever was filled ahead since.
func (p *Prefetcher) State() State { return p.state }

// Close stops the goroutine.
func (p *Prefetcher) Close() {
	p.stop()
	p.stopped.Wait()
}

package data

import (
	"context"
	"fmt"
	"sync"
)

// Prefetcher fills the batches of a Loader ahead of time in a goroutine of its own, so that none is waited for when a step
// ends. Its batches and states are those of the loader.
type Prefetcher struct {
	shape       shape
	ready, free chan *ahead
	stop        context.CancelFunc
	stopped     sync.WaitGroup
	state       State
}

// ahead is a batch filled ahead of time.
type ahead struct {
	batch Batch
	state State // of the loader behind this batch
}

// NewPrefetcher takes over the loader and fills depth batches ahead (two are enough where steps take about the same time),
// of the shape of like and with segments and positions if like has them.
func NewPrefetcher(l *Loader, like *Batch, depth int) (*Prefetcher, error) {
	if err := fits(like, l.dataset); err != nil {
		return nil, err
	}
	if depth < 1 {
		return nil, fmt.Errorf("data: prefetcher: depth %d, expected 1 or more", depth)
	}
	ctx, cancel := context.WithCancel(context.Background())
	p := &Prefetcher{
		shape: like.shape(), ready: make(chan *ahead, depth), free: make(chan *ahead, depth), stop: cancel, state: l.State(),
	}
	for range depth {
		b := NewBatch(like.Rows, like.Length, false)
		if like.Segments != nil {
			b.Segments = make([]int32, len(b.IDs))
		}
		if like.Positions != nil {
			b.Positions = make([]int32, len(b.IDs))
		}
		p.free <- &ahead{batch: *b}
	}
	p.stopped.Go(func() { p.fill(ctx, l) })
	return p, nil
}

// fill fills batches until Close. The loader cannot fail, since the shape of the batches was checked.
func (p *Prefetcher) fill(ctx context.Context, l *Loader) {
	for {
		select {
		case a := <-p.free:
			if err := l.Next(&a.batch); err != nil {
				panic(err)
			}
			a.state = l.State()
			p.ready <- a
		case <-ctx.Done():
			return
		}
	}
}

// Next copies the next batch into b, which has the shape that was given to NewPrefetcher. It allocates nothing. It must not be
// called after Close.
func (p *Prefetcher) Next(b *Batch) error {
	if err := b.Validate(); err != nil {
		return err
	}
	if got := b.shape(); got != p.shape {
		return fmt.Errorf("data: prefetcher: a batch of %v, expected %v", got, p.shape)
	}
	a := <-p.ready
	copy(b.IDs, a.batch.IDs)
	copy(b.Targets, a.batch.Targets)
	copy(b.Segments, a.batch.Segments)
	copy(b.Positions, a.batch.Positions)
	b.Count = a.batch.Count
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

// shape is what two batches must share for one to be copied into the other.
type shape struct {
	rows, length        int
	segments, positions bool
}

func (b *Batch) shape() shape {
	return shape{b.Rows, b.Length, b.Segments != nil, b.Positions != nil}
}

func (s shape) String() string {
	return fmt.Sprintf("%d rows of %d (segments %v, positions %v)", s.rows, s.length, s.segments, s.positions)
}

package data

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"sync/atomic"
)

// PlacedPiece is a piece and where it stands.
type PlacedPiece struct {
	Piece
	Name string // of the file
	Line int    // of the file, or the number of the row, from 1; 0 in plain text
	Err  error  // what is wrong with the record; the piece is empty then
}

// MapPieces calls f for each piece of a source, on GOMAXPROCS goroutines, and yields what it returns in the order of the source. What is wrong with one record is told to f, and
// reading goes on; what is wrong with a file ends it. A piece is valid until f returns.
func MapPieces[T any](ctx context.Context, s *Source, f func(PlacedPiece) T) iter.Seq2[T, error] {
	return mapBlocks(ctx, s, func(b *block) (made []T, err error) {
		for p, err := range b.pieces() {
			if err != nil && isStructural(err) {
				return made, err
			}
			made = append(made, f(PlacedPiece{p, b.name, max(p.line, lineOf(err)), err}))
		}
		return made, nil
	})
}

// PlacedRecord is a record, or what is wrong with one.
type PlacedRecord struct {
	Record       // of one that is wrong its name and line alone
	Err    error // with file and line
}

// MapRecords is MapPieces for records of some shapes. A plain text has none, which is an error.
func MapRecords[T any](ctx context.Context, s *Source, shapes []Shape, f func(PlacedRecord) T) iter.Seq2[T, error] {
	return mapBlocks(ctx, s, func(b *block) (made []T, err error) {
		if b.format == plainText {
			return nil, b.fail(0, structural("plain text, expected records of %s", listShapes(shapes)))
		}
		for r, err := range b.shaped(shapes) {
			if err != nil && isStructural(err) {
				return made, err
			}
			if err != nil {
				r = Record{Name: b.name, Line: lineOf(err), row: b.byRow}
			}
			made = append(made, f(PlacedRecord{r, err}))
		}
		return made, nil
	})
}

// mapBlocks calls f for each block of a source, on GOMAXPROCS goroutines, and yields what it returns in the order of the source, up to the first error.
func mapBlocks[T any](ctx context.Context, s *Source, f func(*block) ([]T, error)) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		type work struct {
			block *block
			made  []T
			err   error
			done  chan struct{}
		}
		workers := runtime.GOMAXPROCS(0)
		ctx, cancel := context.WithCancel(ctx)
		todo, order := make(chan *work), make(chan *work, 2*workers)
		var failed error
		var wait sync.WaitGroup
		defer wait.Wait()
		defer cancel()
		wait.Go(func() {
			defer close(order)
			defer close(todo)
			var read atomic.Int64
			for b, err := range s.blocks(&read, newBuffer) {
				if err != nil {
					failed = err
					return
				}
				w := &work{block: b, done: make(chan struct{})}
				select {
				case order <- w:
				case <-ctx.Done():
					return
				}
				select {
				case todo <- w:
				case <-ctx.Done():
					return
				}
			}
		})
		for range workers {
			wait.Go(func() {
				for w := range todo {
					w.made, w.err = f(w.block)
					w.block = nil
					close(w.done)
				}
			})
		}
		var none T
		for w := range order {
			select {
			case <-w.done:
			case <-ctx.Done():
				yield(none, context.Cause(ctx))
				return
			}
			for _, x := range w.made {
				if !yield(x, nil) {
					return
				}
			}
			if w.err != nil {
				yield(none, w.err)
				return
			}
		}
		if failed == nil {
			failed = context.Cause(ctx)
		}
		if failed != nil {
			yield(none, failed)
		}
	}
}

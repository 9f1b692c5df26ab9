package kernels

import (
	"sync"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// scratch is a stock of buffers that parallel loops borrow for their workers, so
// that layers of one shape share their working memory and a loop that runs beside
// another one gets memory of its own.
type scratch[T Float] struct {
	mu   sync.Mutex
	free [][]T
}

var (
	scratch32 scratch[float32]
	scratch64 scratch[float64]
)

// scratchOf returns the stock of T's.
func scratchOf[T Float]() *scratch[T] {
	if s, ok := any(&scratch32).(*scratch[T]); ok {
		return s
	}
	return any(&scratch64).(*scratch[T])
}

// borrow appends count buffers of n elements of unknown content to held, each the smallest that there is.
func (s *scratch[T]) borrow(held [][]T, count, n int) [][]T {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range count {
		held = append(held, s.take(n))
	}
	return held
}

// take removes a buffer from the stock, or makes one in the place of the smallest.
func (s *scratch[T]) take(n int) []T {
	best, smallest := -1, -1
	for i, b := range s.free {
		if cap(b) >= n && (best < 0 || cap(b) < cap(s.free[best])) {
			best = i
		}
		if smallest < 0 || cap(b) < cap(s.free[smallest]) {
			smallest = i
		}
	}
	if best >= 0 {
		return s.remove(best)[:n]
	}
	if smallest >= 0 {
		s.remove(smallest) // a larger one takes its place
	}
	return memory.Make[T](n)
}

func (s *scratch[T]) remove(i int) []T {
	b, last := s.free[i], len(s.free)-1
	s.free[i], s.free[last] = s.free[last], nil
	s.free = s.free[:last]
	return b
}

// give returns borrowed buffers.
func (s *scratch[T]) give(held [][]T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, held...)
}

// reserve sees to it that count buffers of n elements can be borrowed at once
// without an allocation.
func (s *scratch[T]) reserve(count, n int) { s.give(s.borrow(nil, count, n)) }

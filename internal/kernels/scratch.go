package kernels

import (
	"sync"

	"github.com/seahorse-ml/seahorse/internal/memory"
)

// scratch is a stock of buffers that the items of parallel loops borrow, so
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

// take borrows n elements of unknown content, from the smallest buffer that has them.
func (s *scratch[T]) take(n int) []T {
	s.mu.Lock()
	defer s.mu.Unlock()
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

// give returns a borrowed buffer.
func (s *scratch[T]) give(b []T) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, b)
}

// reserve sees to it that count buffers of n elements can be borrowed at once
// without an allocation.
func (s *scratch[T]) reserve(count, n int) {
	held := make([][]T, count)
	for i := range held {
		held[i] = s.take(n)
	}
	for _, b := range held {
		s.give(b)
	}
}

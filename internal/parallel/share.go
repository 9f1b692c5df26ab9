package parallel

import "sync/atomic"

// A share is the stretch of items that a worker has left. Its owner takes them from the first on,
// others from the last. It has cache lines of its own.
type share struct {
	bounds atomic.Uint64 // the first item, and in the upper half the one behind the last
	turn                 // of the worker
	_      [96]byte
}

func (s *share) set(first, end int) { s.bounds.Store(uint64(end)<<32 | uint64(first)) }

// first takes the first item, if there is one.
func (s *share) first() (item int, ok bool) {
	for {
		b := s.bounds.Load()
		first, end := b&(1<<32-1), b>>32
		if first >= end {
			return 0, false
		}
		if s.bounds.CompareAndSwap(b, b+1) {
			return int(first), true
		}
	}
}

// last takes the last item, if there is one.
func (s *share) last() (item int, ok bool) {
	for {
		b := s.bounds.Load()
		first, end := b&(1<<32-1), b>>32
		if first >= end {
			return 0, false
		}
		if s.bounds.CompareAndSwap(b, b-1<<32) {
			return int(end) - 1, true
		}
	}
}

package kernels

import "sync"

// productSpace is the memory that a run packs its matrices in. Products that
// run one after the other share one.
type productSpace[T Float] struct {
	shared []T   // panels of B, for all workers
	own    [][]T // by worker: panels of A, or one of B
}

// reserve sees to it that the space holds what plan needs.
func (s *productSpace[T]) reserve(plan productPlan) {
	if len(s.shared) < plan.shared {
		s.shared = make([]T, plan.shared)
	}
	for len(s.own) < plan.workers {
		s.own = append(s.own, nil)
	}
	for w := range s.own {
		if len(s.own[w]) < plan.own {
			s.own[w] = make([]T, plan.own)
		}
	}
}

// productSpaces holds the spaces that no run uses.
type productSpaces[T Float] struct {
	mu   sync.Mutex
	free []*productSpace[T]
}

var (
	productSpaces32 productSpaces[float32]
	productSpaces64 productSpaces[float64]
)

func productSpacesOf[T Float]() *productSpaces[T] {
	if s, ok := any(&productSpaces32).(*productSpaces[T]); ok {
		return s
	}
	return any(&productSpaces64).(*productSpaces[T])
}

func takeProductSpace[T Float]() *productSpace[T] {
	s := productSpacesOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.free) - 1
	if last < 0 {
		return new(productSpace[T])
	}
	space := s.free[last]
	s.free = s.free[:last]
	return space
}

func giveProductSpace[T Float](space *productSpace[T]) {
	s := productSpacesOf[T]()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free = append(s.free, space)
}
